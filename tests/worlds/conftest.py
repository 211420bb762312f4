"""These programs run once or twice."""

from tests.compiled import quick_compilation as quick_compilation
