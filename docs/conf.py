"""Configuration of the documentation site; `make docs` builds it without the network."""

import logging
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
logging.getLogger("jax").setLevel(logging.WARNING)

import matplotlib  # noqa: E402

from w2s_theory import __version__  # noqa: E402

project = "w2s_theory"
author = "The w2s_theory developers"
project_copyright = author
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinxcontrib.bibtex",
    "mathml_renderer",
    "docstrings",
    "claim_pages",
    "api_pages",
    "notebook_pages",
]
exclude_patterns = ["_static"]

html_theme = "furo"
html_title = "w2s_theory"
MATH_FONT = Path(matplotlib.get_data_path(), "fonts", "ttf", "STIXGeneral.ttf")
html_static_path = ["_static", str(MATH_FONT)]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False

myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_ipywidgets_js = {}  # widgets would be loaded from another host: their stored text or picture is shown
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

bibtex_bibfiles = ["../w2s_theory/references.bib"]
bibtex_default_style = "plain"

default_role = "code"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

suppress_warnings = ["myst.header"]  # the solutions of notebooks number exercises below their title
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(?!w2s_theory\b).*"),  # other packages: their documentation is not at hand without a network
    (r"py:.*", r"w2s_theory\.(.*\.)?(_\w+|[A-Z]|Number)"),  # private names, type variables, an alias
]
