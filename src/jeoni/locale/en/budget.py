"""The time and the disk that a run may take, and what was given up for them."""

__all__ = ["WORDS"]

WORDS = {
    # said before the run
    "budget.repeats": "To keep the budget of {budget}, folds are drawn {n} times instead of {full}.",
    "budget.share": "To keep the budget of {budget}, trainings get about {percent} % of their full length.",
    "budget.no_pictures": "To keep the budget of {budget}, the report has no pictures.",
    "budget.no_control": "To keep the budget of {budget}, no untrained control is measured: what transfer added is not known.",
    "budget.no_stages": "To keep the budget of {budget}, the stages are not probed.",
    "budget.draws": "To keep the budget of {budget}, {n} draws are compared instead of {full}.",
    "budget.too_small": "budget is {budget}; {passed} of it went to reading and measuring, and features, heads and report take the "
    "rest and more. Say at least --budget {needed}.",
    "budget.too_small_to_train": "budget is {budget}; {passed} of it went to reading and measuring, and the strategy {strategy} cannot "
    "be trained in the rest. Say at least --budget {needed}, or --strategy probe with --budget {probe}.",
    "budget.disk_too_small": "disk is {limit}; the features of {n} {items} alone take {needed}. Say at least --disk {needed}, or free "
    "space with `jeoni cache clear`.",
    "budget.used_up": "The budget of {budget} was used up by earlier calls of this run; what is left takes about {needed} more.",
    "budget.used_up_by_plan": "The plan used up the budget of {budget}; what it chose takes about {needed} more.",
    "budget.several_processes": "budget is a time that one process keeps, and {n} run together, whose clocks would disagree. Leave --budget out, or run in one process.",
    # said after it
    "budget.shortened": "The training was planned into the budget of {budget}: {steps} of {full} steps.",
    "budget.stopped": "Stopped after {steps} of {full} steps: the budget of {budget} was used up.",
    "budget.kept": "The run took {time} of its budget of {budget}.",
    "budget.overrun": "The run took {time}, more than its budget of {budget}.",
}
