"""What heads that find keypoints share: reading a point from a heatmap."""
