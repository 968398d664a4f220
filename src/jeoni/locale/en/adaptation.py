"""Words and sentences about adapting with some target labels."""

__all__ = ["WORDS"]

WORDS = {
    "adaptation.source_counts": "{n} target labels leave none of {tried} other methods a hundredth of the weight",
    "adaptation.one_counts": "{n} target labels leave none of the other {tried} methods a hundredth of the weight",
    "adaptation.most": "{n} target labels weigh {count} methods, of which {most} makes {share} %",
    "adaptation.by_labels": "{why}; they are not among the items that were scored.",
    "used_labels": "How the labels weigh the methods",
    "used_labels_note": "{n} target labels ({classes}) judged every method on items that it had not learned from. A method's share of the average is its prior times the square root of the likelihood of its predictions; standardize+all, where it is among them, has a quarter of the prior, and the others share the rest alike. The lead is how much smaller a method's Brier score is than the source model's. These items were not scored.",
    "used_taught": "The methods that learn from labels then learned from all of them.",
    "used_not_taught": "No method that counts learns from labels: they only weigh.",
    "used_lead": "lead (Brier)",
    "used_share": "share, %",
    "used_accuracy": "accuracy, held out",
    "used_items": "The items",
    "used_count": "{n} {name}",
    "used_said": "label {label}, held out taken for {predicted}",
}
