"""Dense prediction: where in a picture. Detection, segmentation, keypoints and anomalies on a transferred backbone."""
