"""Terms that stand in sentences and tables: measures above all. A key is in lower case."""

__all__ = ["WORDS"]

WORDS = {
    "measure of": "{measure} of {name}",
    "accuracy": "accuracy",
    "balanced accuracy": "balanced accuracy",
    "macro f1": "macro F1",
    "micro f1": "micro F1",
    "roc-auc": "ROC-AUC",
    "log-loss": "log-loss",
    "calibration error": "calibration error",
    "mean average precision": "mean average precision",
    "exact match": "exact match",
    "mean absolute error": "mean absolute error",
    "root mean squared error": "root mean squared error",
    "r²": "R²",
    "mean r²": "mean R²",
}
