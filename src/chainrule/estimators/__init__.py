"""Estimators for scikit-learn: NetworkClassifier and NetworkRegressor, which go where its MLPClassifier and MLPRegressor go.

scikit-learn comes with `pip install 'chainrule[sklearn]'`. This package is the only part that knows its base classes.
"""

from importlib.util import find_spec

if find_spec("sklearn") is None:
    raise ImportError("NetworkClassifier and NetworkRegressor need scikit-learn: pip install 'chainrule[sklearn]'")

from chainrule.estimators.classifier import NetworkClassifier
from chainrule.estimators.regressor import NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
