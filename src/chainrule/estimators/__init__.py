"""Estimators for scikit-learn: NetworkClassifier and NetworkRegressor, which go where its MLPClassifier and MLPRegressor go.

scikit-learn comes with `pip install 'chainrule[sklearn]'`. This package is the only part that knows its base classes.
"""

from importlib.metadata import version
from importlib.util import find_spec

if find_spec("sklearn") is None or tuple(map(int, version("scikit-learn").split(".")[:2])) < (1, 6):
    raise ImportError(
        "NetworkClassifier and NetworkRegressor need scikit-learn 1.6 or later"
        + (f", and {version('scikit-learn')} is installed" if find_spec("sklearn") else "")
        + ": pip install 'chainrule[sklearn]'"
    )

from chainrule.estimators.classifier import NetworkClassifier
from chainrule.estimators.regressor import NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
