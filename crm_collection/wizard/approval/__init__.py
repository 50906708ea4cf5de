from . import (
    decide,
    report,
)
