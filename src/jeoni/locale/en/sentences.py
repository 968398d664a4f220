"""Sentences about results."""

__all__ = ["WORDS"]

WORDS = {
    # amounts, parts of the sentences below
    "amount.points": "{value} points ({low} to {high})",
    "amount.points_of": "{value} points of {measure:term} ({low} to {high})",
    "amount.number": "{value} ({low} to {high})",
    "amount.unit": "{value} {unit:term} ({low} to {high})",
    "amount.number_of": "{value} of {measure:term} ({low} to {high})",
    "amount.unit_of": "{value} {unit:term} of {measure:term} ({low} to {high})",
    "amount.no_interval": "the difference has no interval",
    "term": "{term:term}",
    # what is under way, and how long it takes
    "duration.seconds": "{n} s",
    "duration.minutes": "{n} min",
    "duration.hours": "{n} h",
    "duration.hours_and_minutes": "{hours} h {minutes} min",
    "rate.per_second": "{n}/s",
    "rate.each": "{seconds} s each",
    "progress.counted": "{done} of {total}",
    "progress.left": "about {time} left",
    "progress.ended": "{title:term}: {done} in {time}",
    "estimate.whole": "This will take about {time}: {parts}.",
    "estimate.part": "{part:term} {time}",
    "estimate.parts": "{listed}, {part}",
    "estimate.cheaper": "{estimate} A cheaper way: {options} (about {time}).",
    "estimate.took": "It took {time}; about {expected} were expected.",
    # how good it is
    "score.correct": "{value} % correct ({low} to {high}).",
    "score.correct_in_target": "{value} % correct in the target ({low} to {high}).",
    "score.percent": "{measure:term} {value} % ({low} to {high}).",
    "score.number": "{measure:term} {value} ({low} to {high}).",
    "score.unit": "{measure:term} {value} {unit:term} ({low} to {high}).",
    "score.few_groups": "The score is over {n} groups only, so its interval is wide; more groups would narrow it, more items of these would not.",
    "score.of_one_group": "{score} There is no interval: all that was tested is of one group.",
    "score.correct_alone": "{value} % correct.",
    "score.correct_in_target_alone": "{value} % correct in the target.",
    "score.percent_alone": "{measure:term} {value} %.",
    "score.number_alone": "{measure:term} {value}.",
    "score.unit_alone": "{measure:term} {value} {unit:term}.",
    # what transfer added to it
    "pretrained.added": "Transfer added {amount} over an untrained backbone.",
    "pretrained.cost": "Transfer cost {amount} against an untrained backbone.",
    "pretrained.lowered": "Transfer lowered the {measure:term} by {amount} against an untrained backbone.",
    "pretrained.raised": "Transfer hurt: it raised the {measure:term} by {amount} against an untrained backbone.",
    "pretrained.unclear": "Whether transfer helped cannot be told: {amount}.",
    "no_control": "No untrained control was measured.",
    "control.sampled": "The control was measured on {n} of {of} training examples by cross-validation: the same head on "
    "pretrained and on untrained features, fitted to the same {trained_on} labels.",
    "training.added": "Training beyond the linear probe added {amount}.",
    "training.cost": "Training beyond the linear probe cost {amount}.",
    "training.lowered": "Training beyond the linear probe lowered the {measure:term} by {amount}.",
    "training.raised": "Training beyond the linear probe raised the {measure:term} by {amount}.",
    "training.unclear": "Whether training beyond the linear probe helped cannot be told: {amount}.",
    "sharing.added": "Sharing one network added {amount}.",
    "sharing.cost": "Sharing one network cost {amount} (negative sharing).",
    "sharing.lowered": "Sharing one network lowered the {measure:term} by {amount}.",
    "sharing.raised": "Sharing one network raised the {measure:term} by {amount} (negative sharing).",
    "sharing.unclear": "Whether sharing one network helped cannot be told: {amount}.",
    "sharing.of": "{part}:",
    "sharing.nothing": "Each task has a head of its own on the same frozen features; nothing else is shared, so nothing "
    "can be gained or lost by it. To share what is trained: --strategy finetune.",
    "sharing.probe_kept": "Trained alone, its held-out examples preferred the linear probe, which was kept.",
    "chosen": "Chosen among {candidates}: {chosen}.",
    "how.test": "On {n} held-out examples.",
    "how.cv": "Repeated cross-validation on {n} examples; of so few no separate test set was kept.",
    # comparisons
    "verdict.helped": "Transfer helped: {what} is {value} points more accurate than {control} ({low} to {high}).",
    "verdict.hurt": "Transfer hurt: {what} is {value} points less accurate than {control} ({low} to {high}).",
    "verdict.helped_by": "Transfer helped: by {measure:term} {what} is {value} points better than {control} "
    "({low} to {high}).",
    "verdict.hurt_by": "Transfer hurt: by {measure:term} {what} is {value} points worse than {control} "
    "({low} to {high}).",
    "verdict.helped_lower": "Transfer helped: the {measure:term} of {what} is {value} lower than that of {control} "
    "({low} to {high}).",
    "verdict.helped_higher": "Transfer helped: the {measure:term} of {what} is {value} higher than that of {control} "
    "({low} to {high}).",
    "verdict.hurt_lower": "Transfer hurt: the {measure:term} of {what} is {value} lower than that of {control} "
    "({low} to {high}).",
    "verdict.hurt_higher": "Transfer hurt: the {measure:term} of {what} is {value} higher than that of {control} "
    "({low} to {high}).",
    "verdict.unclear": "Whether {what} is better than {control} cannot be told: {amount}.",
    "verdict.unclear_alone": "Whether {what} is better than {control} cannot be told.",
    "verdict.reason": "This is because {reason}.",
    "verdict.measured": "The difference that was measured is {amount}.",
    "verdict.visible": "With {n} test items only differences above {visible} can be seen.",
    "verdict.visible_points": "With {n} test items only differences above {visible} points can be seen.",
    "verdict.nothing": "There was nothing to compare with the control.",
    "warning.no_workers": "The fits that are left are made one after the other: worker processes failed ({reason}).",
    "warning.no_control": "Training from scratch learned nothing: it says the same of every example, and cannot serve as a "
    "control. Try another --learning-rate, or more --steps.",
    "learned_nothing": "{strategy} learned nothing (it gives every example the same answer), so it is no control",
    "learned_nothing_in": "{strategy} learned nothing in {count} of {draws} draws (it gives every example the same "
    "answer), so it is no control",
    "advice.lower": "Cut lower: `--strategy layer_reuse --reuse N` keeps only the stages that still help (see the plot "
    "of stages).",
    "advice.backbone": "Take another backbone, nearer to your data: `jeoni list backbones`.",
    "advice.l2sp": "Hold the weights near the pretrained ones while training: `--strategy l2sp`.",
    "advice.scratch": "Do without transfer: `--strategy scratch`.",
    "advice.control": "Give the control a chance to learn: another `--learning-rate`, more `--steps`, or more labels.",
    # adaptation
    "adapting.added": "{method} added {amount} over the source model.",
    "adapting.cost": "{method} cost {amount} against the source model.",
    "adapting.unclear": "Whether {method} helped cannot be told: {amount}.",
    "adapting.balanced_helped": "But where every class counts alike, it helped: {amount}.",
    "adapting.balanced_hurt": "But where every class counts alike, it hurt: {amount}.",
    "adapting.balanced_unclear": "But where every class counts alike, it cannot be told whether it helped: {amount}.",
    "adapting.moved": "{moved} of {n} target items changed their class.",
    "adapting.no_labels": "The target has no labels, so nothing can be said of accuracy.",
    "adapting.applied": "{method} was applied.",
    "adapting.source_kept": "The source model is used as it is.",
    "adapting.source_kept_because": "The source model is used as it is: {why}.",
}
