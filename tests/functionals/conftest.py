"""Programs that tests run a few times are compiled without LLVM's optimisation."""

from tests.compiled import quick_compilation as quick_compilation
