"""Labels in one domain, the work in another: adapt, diagnose."""

from jeoni.adapting.run import AdaptResult, adapt, diagnose

__all__ = ["AdaptResult", "adapt", "diagnose"]
