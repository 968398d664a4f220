"""From files to rows: in this process, or in worker processes where many cores shall decode."""

from jeoni.features.decoding.decoder import DECODING, Decoder, processes_pay
from jeoni.features.decoding.preparing import Lacking, Plan, Preparation, Prepared, all_of

__all__ = ["DECODING", "Decoder", "Lacking", "Plan", "Preparation", "Prepared", "all_of", "processes_pay"]
