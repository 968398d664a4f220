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
    "error.no_verb": "There is no verb {name}.{near} Verbs: {known}.",
    "error.wrong_choice": "{name} is {value}; it can be {choices}.",
    "error.wrong_type": "{name} is {value}; a value of the type {type} is needed.",
    "error.duration": "{name} is {value}; a duration with its unit is needed, such as 90s, 10m, 2h or 1h30m.",
    "error.size": "{name} is {value}; a size with its unit is needed, such as 500MB or 5GB.",
    "error.missing_extra": "{purpose} needs the package {package}, which is not installed. Install it with: {command}",
    "error.which_data": "Say which data to fit to, or --resume RUN to continue an interrupted run.",
    "error.which_domains": "Say the target, and either the source or a model of it.",
    "error.interrupted": "Interrupted. What was computed is kept: the same command does not compute it again.",
    "error.memory": "There is not enough memory. Give fewer or smaller items, or a smaller --batch-size.",
    "error.gpu_memory": "The GPU has not enough memory. End what else runs there, give a smaller --batch-size where there is "
    "one, smaller items or a smaller --backbone, or --device cpu.",
    "error.refused": "{what}. Check the path, the disk and who may use it.",
    "error.not_a_run": "{run} is not a run folder: run.json is missing. Needed: a folder that `jeoni fit` wrote.",
    "error.out_of_bounds": "{name} is {value}; it must {bounds}{mend}.",
    "bounds.share": "lie between 0 and 1",
    "bounds.least": "be at least {low}",
    "bounds.above": "be above {low}",
    "bounds.most": "{least} and at most {high}",
    "bounds.or_left_out": ", or be left out",
    "error.no_known_column": "No column of {origin} is known to hold the {what:term}. Name it with {option}. Its columns: {columns}.",
    "error.no_column": "{origin} has no column {name}.{near} Its columns: {columns}.",
    "error.one_file": "{path} is one file, not labelled data. Needed: a folder with one folder per class, a table ({tables}), or "
    "features ({arrays}). {mend}",
    "error.to_predict_one": "To predict a single item: jeoni predict MODEL {path}",
    "error.perhaps_a_table": "Its lines hold {what:term}: if it is a table, call it {name}. {mend}",
    "error.no_class_folders": "{root} holds {n} {items:term}, but not in folders named for their classes. Needed: {example}, or a "
    "table with a column of labels. To predict: jeoni predict MODEL {root}",
    "error.empty_folder": "{root} is empty. Needed: one folder per class with examples in it.",
    "error.nothing_to_read": "{root} holds nothing in folders named for classes that can be read ({known}).",
    "error.run_there": "{path} holds a run already. Say --overwrite, or choose another --out.",
    "error.run_interrupted": "{path} holds a run that was interrupted. Continue with --resume {path}, or say --overwrite.",
    "error.no_run_there": "{path} exists and is not a run folder; it is left alone. Choose another --out.",
    "error.strangers": "The test set holds classes that the training data do not: {strangers}. The training data hold {known}.",
    # what the engines were found to do
    "engine.failed": "{engine} ({precision}) cannot run this network: {reason}",
    "engine.refused": "{engine} ({precision}) was refused: cosine to torch {cosine}, {needed} needed.",
    "engine.instead": "{why} torch is used instead.",
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
