"""The same transfer with scikit-learn's manners."""

from jeoni.estimators.classifier import TransferClassifier
from jeoni.estimators.regressor import TransferRegressor

__all__ = ["TransferClassifier", "TransferRegressor"]
