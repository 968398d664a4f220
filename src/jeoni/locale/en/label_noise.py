"""Words and sentences about labels that are probably wrong."""

__all__ = ["WORDS"]

WORDS = {
    "label_noise.found": "Of {of} labels {n} are suspect: models that had not seen these items are sure of another class. Wrong labels "
    "and hard items are among them (an upper estimate of wrong labels: {value} %, {low} to {high}); look through suspects.csv.",
    "label_noise.left_out": "{n} of {of} training items were left out as suspects.",
    "label_noise.added": "Leaving them out added {amount}.",
    "label_noise.cost": "Leaving them out cost {amount}.",
    "label_noise.unclear": "Whether leaving them out helped cannot be told: {amount}.",
    "suspects": "Suspect labels",
    "suspects_note": "Models that had not seen these items are sure of another class (confident learning). Some labels are wrong, "
    "some items are only hard. The most suspect come first; all are in suspects.csv.",
    "suspects_kept": "None was left out. To train without them: --drop-suspects.",
    "suspects_left_out": "{n} of {of} training items were left out of training, and none of what scores.",
    "suspect_is": "{given}, perhaps {suggested}",
    "suspect_fit": "probability of its label {share} %",
    "suspect_share": "an upper estimate of wrong labels: hard items are among them",
    "suspect_count": "suspects",
    "suspect_with": "with the suspects in training",
    "suspect_gain": "gain by leaving them out",
    "suspect_left_out": "left out",
    "suspects_rest": "And {n} more.",
}
