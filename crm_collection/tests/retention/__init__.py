from . import test_retention, test_retention_figures
