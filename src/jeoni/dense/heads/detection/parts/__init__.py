"""What heads that find objects share: places of maps, overlaps of boxes, and leaving out what was found twice."""
