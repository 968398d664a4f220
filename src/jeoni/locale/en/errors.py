"""Errors that a user meets first: what came, what is needed, how to mend it."""

__all__ = ["WORDS"]

WORDS = {
    "error.did_you_mean": " Did you mean {names}?",
    "error.no_such_path": "{path} does not exist. Needed: a folder per class, a table, features or a saved dataset.",
    "error.no_such_path_hub": "{path} does not exist. Needed: a folder per class, a table, features or a saved dataset. "
    "If a dataset of the Hugging Face hub is meant, write {hub}",
    "error.no_labelled_items": "{data} holds no labelled items; jeoni fit needs labels.",
    "error.no_labels": "{data} holds no labels; jeoni fit needs them.",
    "error.one_class": "{data} holds one class only ({only}); a classifier needs at least two. Put the items of each class "
    "in a folder of their own, or name the column with --label-column.",
    "error.one_item_each": "Every class has one item only, so that none can be held out: how good a model of them is cannot be known. "
    "Give a second item of a class, or a test set (--test).",
    "error.too_few_to_compare": "After the checks the class {name} has {n} usable examples, and 4 are needed: a comparison "
    "learns from some and tests on some in every draw.",
    "error.not_among": "{name} is not among the known {kind:term}.{near} Known: {known}.",
    "error.no_backbone": "No backbone is called {name}.{near} `jeoni list backbones` shows what there is.",
    "error.no_architecture": "timm has no architecture {name}.{near} See `jeoni list backbones`.",
    "error.no_option": "There is no option {name}.{near}",
    "error.wrong_choice": "{name} is {value}; it can be {choices}.",
    "error.wrong_type": "{name} is {value}; a value of the type {type} is needed.",
    "error.duration": "{name} is {value}; a duration with its unit is needed, such as 90s, 10m, 2h or 1h30m.",
    "error.size": "{name} is {value}; a size with its unit is needed, such as 500MB or 5GB.",
    "error.missing_extra": "{purpose} needs the package {package}, which is not installed. Install it with: {command}",
    "error.which_data": "Say which data to fit to, or --resume RUN to continue an interrupted run.",
    "error.which_domains": "Say the target, and either the source or a model of it.",
    "error.interrupted": "Interrupted. What was computed is kept: the same command does not compute it again.",
    "error.memory": "There is not enough memory. Give fewer or smaller items, or a smaller --batch-size.",
    "error.refused": "{what}. Check the path, the disk and who may use it.",
    "error.not_a_run": "{run} is not a run folder: run.json is missing. Needed: a folder that `jeoni fit` wrote.",
    # what the checks found, told while it runs
    "finding.one": "{kind:term}: {example} ({action:term})",
    "finding.many": "{kind:term}: {n} items, for example {example} ({action:term})",
    "finding.example": "{path}: {detail:term}",
    "finding.identical": "identical to {other}",
    "finding.nearly_identical": "nearly identical to {other}",
    "finding.identical_in_test": "identical to {other} in the test set",
    "finding.nearly_identical_in_test": "nearly identical to {other} in the test set",
    "finding.other_label": "identical to {other}, which is labelled {label}",
    "finding.suspect": "models that had not seen it take it for {label}; its own label has {share} %",
    "finding.same_group": "of the same group as {other} in the test set",
    "finding.unequal": "{most} items of {larger}, {least} of {smaller}",
}
