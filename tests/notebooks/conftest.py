"""What exercises compute here is computed once or twice; kernels compile as users do."""

from tests.compiled import quick_compilation as quick_compilation
