"""What is said of tasks on places in pictures before and while they are fitted: options, findings, errors."""

__all__ = ["WORDS"]

WORDS = {
    # options that mean nothing for these tasks
    "dense.unused": "{option} is {value}, which says nothing of {task:term}. {mend}",
    "dense.no_drop_suspects": "Whether a label is wrong is told of whole pictures only. Leave it out: the report shows the worst "
    "pictures, where wrong annotations are seen first.",
    "dense.no_repeats": "Folds are drawn once. Leave it out, or say --folds, or compare with --repeats: jeoni compare.",
    "dense.no_control_items": "The control is trained on all pictures. Leave it out, or say --no-control to save its time.",
    "dense.no_halving": "All strategies are compared at every budget. Leave it out, or name fewer --strategies or --budgets.",
    "dense.no_class_weights": "Its losses balance classes by themselves, or not at all. Leave it out.",
    "dense.no_reuse": "Feature maps of all depths are needed. Leave it out; --frozen says how many stages stay as they are.",
    "dense.no_label_smoothing": "Its targets are places. Leave it out.",
    "dense.no_mixup": "Two pictures on top of each other have no places of their own. Leave it out; --augment says what random views do.",
    "dense.no_logit_adjustment": "Its losses balance classes by themselves, or not at all. Leave it out.",
    "dense.no_patience": "The weights of the last step are taken, and nothing is held out from training. Leave it out; --steps or "
    "--epochs says how long it is.",
    "dense.no_crop": "Pictures are computed whole. Leave it out; --image-size says at which size.",
    "dense.no_seconds": "It is about recordings. Leave it out.",
    "dense.no_engine": "A saved model of places is run by torch. Leave it out.",
    "dense.no_frames": "Each annotated file is one picture. Leave it out.",
    "dense.no_column": "The files of annotations name their pictures themselves. Leave it out; --group-pattern makes groups of paths.",
    "dense.no_format": "format is {value}, a format for places in pictures; this model's task is {task:term}, and its predictions are "
    "a table. Leave --format out.",
    "dense.no_keep_columns": "--keep-columns is about tables; predictions of places in pictures are rows of their own. Leave it out.",
    "dense.no_frozen": "frozen is {value}, and the strategy {strategy} decides that by itself. Say --strategy finetune too, or leave it out.",
    "dense.fitted_head": "The head {head} is fitted in one pass, not trained: {options} says nothing. Leave it out.",
    "dense.fitted_only": "The head {head} is fitted, not trained: strategy is {strategy}; take --strategy probe.",
    # said of a prediction
    "dense.masks": "{n} masks in {path} are annotations of pictures; they are not predicted.",
}
