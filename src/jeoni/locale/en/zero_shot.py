"""The words of a zero-shot run: its page, and sentences on what came out."""

__all__ = ["WORDS"]

WORDS = {
    # the outcome
    "zero_shot.correct": "{value} % correct ({low} to {high}) of {n} labelled items, with no example of any of the {k} "
    "classes.",
    "zero_shot.correct_generalised": "{value} % correct ({low} to {high}) of {n} labelled items among {k} classes, {unseen} "
    "of which no example was seen of.",
    "zero_shot.levels": "Guessing gives {chance} %, always the most frequent class {majority} %.",
    "zero_shot.above": "This is above guessing: balanced accuracy {value} % ({low} to {high}).",
    "zero_shot.below": "This is below guessing: balanced accuracy {value} % ({low} to {high}). The names do not say what the "
    "labels mean; describe the classes, or label a few items.",
    "zero_shot.below_seen": "This is below guessing: balanced accuracy {value} % ({low} to {high}). What was learned on the "
    "seen classes does not hold for these; give other seen classes, nearer to these, or label a few items.",
    "zero_shot.unclear": "Whether this is better than guessing cannot be told: balanced accuracy {value} % ({low} to {high}).",
    "zero_shot.calibration_added": "Calibration without labels added {amount}.",
    "zero_shot.calibration_cost": "Calibration without labels cost {amount}; --calibration none does without.",
    "zero_shot.calibration_unclear": "Whether calibration without labels helped cannot be told: {amount}.",
    "zero_shot.harmonic": "Mean accuracy of seen classes {seen} %, of unseen classes {unseen} %; their harmonic mean "
    "{value} % ({low} to {high}).",
    "zero_shot.learned": "{method} learned from {n} items of {k} seen classes; of these, classes that were held out were "
    "right in {accuracy} %, where guessing gives {guessing} %.",
    "zero_shot.learned_unchosen": "{method} learned from {n} items of {k} seen classes, too few classes to hold some out: its "
    "hyper-parameters are the usual ones.",
    "zero_shot.no_labels": "No item has a label of one of the classes, so nothing can be said of accuracy.",
    "zero_shot.predicted": "{n} items were predicted: {shares}.",
    # what was found in the names
    "zero_shot.meaningless": "the class name {name} says nothing to the encoder: {why}",
    "zero_shot.describe": 'kept; describe it: --classes "{name}=what it is"',
    "zero_shot.why_number": "it is a number, not a word",
    "zero_shot.why_no_letters": "it holds no letters",
    "zero_shot.why_letter": "it is a single letter",
    "zero_shot.why_unknown": "its letters are unknown to the encoder",
    "zero_shot.why_pieces": "the encoder knows no such word, and reads it in pieces: {pieces}",
    "zero_shot.hardly": "{name} was predicted for {count} of {n} items",
    "zero_shot.if_not_rare": "kept; unless it is rare, describe it, or say --calibration batch where classes are equally "
    "frequent",
    # the page
    "zs_method": "method",
    "zs_calibration": "calibration",
    "zs_known": "What was known, and what was not",
    "zs_names_alone": "No example of the {k} classes was seen: only what is said of them below, which {backbone} reads as it "
    "reads the items.",
    "zs_from_seen": "{n} labelled items of {k} other classes ({names}) were seen. On them was learned how items go with "
    "{what}; no example of {unseen} was seen.",
    "zs_what_names": "what is said of a class",
    "zs_what_attributes": "attributes of a class",
    "zs_batch": "From each class's scores their mean over these items was taken. That uses the items, but no label, and is "
    "right where classes are about equally frequent.",
    "zs_contextual": "From each class's scores their mean over texts without content was taken.",
    "zs_labels_score": "Labels of the items were used for scoring only.",
    "zs_probabilities": "Probabilities are the softmax of cosines times {scale}, as the encoder was trained. No label of this "
    "task has calibrated them: they order the items, and are not to be read as shares of right answers.",
    "zs_probabilities_seen": "Probabilities were calibrated on seen classes that were held out; of unseen classes they are "
    "less certain than they look.",
    "zs_probabilities_raw": "With so few seen classes nothing has calibrated the probabilities: they order the items only.",
    "zs_handicap": "Seen classes were candidates at a handicap of {value}, chosen on seen classes of which some played the "
    "unseen ones (calibrated stacking).",
    "zs_setting": "Hyper-parameters, chosen on {folds} folds over the seen classes: {setting}.",
    "zs_n_seen": "{n} of seen classes",
    "zs_n_labelled": "{n} with a label",
    "zs_guessing": "guessing",
    "zs_majority": "largest class",
    "zs_uncalibrated": "without calibration",
    "zs_scores_note": "On {n} labelled items, whose labels decided nothing.",
    "zs_parts": {"seen": "seen classes", "unseen": "unseen classes", "harmonic_mean": "harmonic mean"},
    "zs_parts_title": "Seen and unseen classes",
    "zs_parts_note": "Mean accuracy over the classes of each kind, among all classes together.",
    "zs_class": "class",
    "zs_classes": "Classes",
    "zs_said": "what was read of it",
    "zs_predicted": "predicted",
    "zs_share": "share",
    "zs_margin": "median lead",
    "zs_prior": "taken from its scores",
    "zs_seen_mark": "seen",
    "zs_margin_note": "The lead is the probability of the predicted class minus that of the next.",
    "zs_similarity": "How near the class names are to each other",
    "zs_similarity_note": "Cosines between class vectors: the nearer two are, the harder they are to tell apart by their "
    "names alone.",
    "zs_surest": "The surest items of each class",
    "zs_mistakes": "The surest mistakes",
    "zs_doubtful": "The most doubtful items",
    "zs_kinds": {
        "meaningless_name": "class names say nothing to the encoder",
        "alike_classes": "pairs or groups of classes are hard to tell apart by what is said of them",
        "constant_attribute": "attributes are alike for all seen classes",
        "other_class": "classes of the labels are none of those named: their items are not scored",
        "other_labels": "note about labels that are none of the classes",
        "hardly_predicted": "classes were predicted for hardly any item",
    },
    "zs_more_texts": "and {n} more",
}
