"""Words and sentences about adapting with some target labels."""

__all__ = ["WORDS"]

WORDS = {
    "adaptation.leads": "on {n} target labels its lead over the source model is beyond chance and the surest of {tried} methods",
    "adaptation.none_leads": "on {n} target labels none of {tried} methods leads it beyond chance",
    "adaptation.by_labels": "{n} target labels chose {method}; they are not among the items that were scored.",
    "used_labels": "What the labels chose by",
    "used_labels_note": "{n} target labels ({classes}) judged every method on items that it had not learned from. The lead is how much smaller its Brier score is than the source model's; a lead is beyond chance if the lower end of its one-sided 95 % interval is above 0, and of those that come to 0.02 or more the surest is chosen, the one of most standard errors. These items were not scored.",
    "used_taught": "The chosen method then learned from all of them.",
    "used_not_taught": "The chosen method learns nothing from labels: they only chose.",
    "used_lead": "lead (Brier)",
    "used_shrunken": "lower end, one-sided",
    "used_errors": "standard errors",
    "used_accuracy": "accuracy, held out",
    "used_items": "The items",
    "used_count": "{n} {name}",
    "used_said": "label {label}, held out taken for {predicted}",
}
