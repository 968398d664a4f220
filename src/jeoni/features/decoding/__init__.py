"""From files to rows: in this process, or in worker processes where many cores shall decode."""

from jeoni.features.decoding.decoder import DECODING, PORTION, Decoder, processes_pay
from jeoni.features.decoding.preparing import Lacking, Plan, Preparation, Prepared, Wanted

__all__ = ["DECODING", "PORTION", "Decoder", "Lacking", "Plan", "Preparation", "Prepared", "Wanted", "processes_pay"]
