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
    # a plan
    "dense.marked": "{n} usable pictures, {labelled} of them annotated, of {names} kinds.",
    "dense.marked_detection": "{n} usable pictures, {labelled} of them annotated, with {total} objects of {names} classes.",
    "dense.marked_pose": "{n} usable pictures, {labelled} of them annotated, with {total} visible points of {names} kinds.",
    "dense.empty": "{n} annotated pictures show none; they teach what is no object.",
    "dense.small_class": "{name} occurs {n} times: its own score will be uncertain. Annotate more of it first.",
    "dense.small_classes": "{n} more classes occur fewer than {few} times.",
    "dense.small_objects": "Half of the objects are smaller than {side} pixels in frames of {width} x {height}, less than two places of the "
    "finest map. A larger --image-size shows them better, if the pictures have the detail.",
    "dense.places_few": "With {n} pictures to learn from (fewer than {few}) a frozen backbone does as well as a trained one, at a fraction of the cost.",
    "dense.places_many": "With {n} pictures to learn from ({few} or more) training the upper stages too goes beyond a frozen backbone.",
    "dense.places_long": "With {n} pictures to learn from training the upper stages too would go further, and takes too long here: the backbone stays frozen.",
    "dense.places_memory": "This head remembers what {n} normal pictures look like; nothing is trained.",
    "dense.by_rule": "That is by rule: nothing was trained to find it. --budget tries the candidates on pictures that are held out.",
    "dense.tried": "Tried on {n} pictures that were held out, with trainings at {percent} % of their full length; longer ones gain by that.",
    "dense.taken": "Taken: {name}. {reason}",
    "dense.one_backbone": "backbone is {value}; of places in pictures one backbone is planned at a time. Name one, and plan again for the others.",
    "dense.no_source": "A comparison with a source is about classes of whole pictures. Leave --source out.",
}
