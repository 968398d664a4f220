"""Parts that heads share: the protocol, the choice among candidates on folds, and the solvers."""
