from tests.compiled import quick_compilation as quick_compilation
