"""Words and sentences about adapting with some target labels."""

__all__ = ["WORDS"]

WORDS = {
    "adaptation.leads": "on {n} target labels it leads the source model beyond chance, the most of {tried} methods",
    "adaptation.none_leads": "on {n} target labels none of {tried} methods leads it beyond chance",
    "adaptation.by_labels": "{n} target labels chose {method}; they are not among the items that were scored.",
    "used_labels": "What the labels chose by",
    "used_labels_note": "{n} target labels ({classes}) judged every method on items that it had not learned from. The lead is how much smaller its Brier score is than the source model's; what of it is beyond chance is the lower end of its one-sided 95 % interval, and the method with most of that is chosen, if it is above 0. These items were not scored.",
    "used_taught": "The chosen method then learned from all of them.",
    "used_not_taught": "The chosen method learns nothing from labels: they only chose.",
    "used_lead": "lead (Brier)",
    "used_shrunken": "beyond chance",
    "used_accuracy": "accuracy, held out",
    "used_items": "The items",
    "used_count": "{n} {name}",
    "used_said": "label {label}, held out taken for {predicted}",
}
