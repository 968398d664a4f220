"""The words of the page of clusters, and sentences about them."""

__all__ = ["WORDS"]

WORDS = {
    "clusters": "Clusters",
    "clusters_note": "Of each cluster the items nearest to its mean, and below them the most doubtful ones, which may "
    "as well be of another cluster. Give the clusters names in the column label of clusters.csv, then: jeoni fit clusters.csv.",
    "cluster": "cluster",
    "size": "items",
    "share": "share",
    "confidence": "confidence",
    "confidence_note": "Confidence is how probable its cluster is to a linear classifier of the clusters that has not seen the item.",
    "suits": "largest class",
    "purity": "its share",
    "typical": "Most typical",
    "doubtful": "Most doubtful",
    "rest": "{n} more clusters are in clusters.csv.",
    "number": "How many clusters",
    "number_note": "For each number the data were halved at random {times} times and both halves clustered by k-means: stability "
    "is how far the halves agree (adjusted Rand index; 1 is the same clusters, 0 is chance), the band its range. Silhouette "
    "compares distances within and between clusters.",
    "stability": "stability",
    "most_stable": "most stable: {n}",
    "silhouette": "silhouette",
    "number_axis": "number of clusters",
    "chosen_number": "taken: {n}",
    "representations": "Did pretraining help?",
    "representations_note": "The same method on other features of the same items. Scores are means over {repeats} random parts "
    "of 80 % of the items; differences are paired on the same parts and items.",
    "representations_no_labels": "The same method on other features of the same items, on the same {repeats} random parts of "
    "80 % of them. Without labels only stability can be compared: clusters that come out again need not be those that you want.",
    "representations_sample": "All are measured on a sample of {n} items.",
    "features_of": "features",
    "kinds": {"pretrained": "pretrained", "untrained": "untrained network", "raw": "no network"},
    "more": "pretrained minus this",
    "table_of": "clusters",
    "table": "Clusters against labels",
    "table_note": "Rows are the classes, columns the clusters; the shade is the share of the row. Labels were used for this and for "
    "scores only.",
    "scores_labels": "On {n} labelled items; the labels decided nothing. Clustering accuracy names each cluster so that most "
    "items are right, one cluster for each class.",
    "clustering_accuracy": "clustering accuracy",
    "nmi": "NMI",
    "ari": "ARI",
    "map_note": "Items that lie near each other look alike to the network ({method}). Colours are the clusters.",
    "method": "method",
    "model_agrees": "The saved model puts {share} % of the items it did not see in their cluster.",
    "no_model": "No model was saved: one takes a single backbone, and two items of each cluster at least.",
    "clustered_by": "{method}, {scaling}",
    "about": "{n} items in {k} clusters by {method}",
    "clustering.found": "{n} items fall into {k} clusters ({method:term} on {on}).",
    "clustering.proposed_clear": "Two halves of the data agree well on {proposed} clusters (stability {stability}; 1 is the same, "
    "0 is chance).",
    "clustering.proposed_fair": "Two halves of the data agree in part on {proposed} clusters (stability {stability}; 1 is the same, "
    "0 is chance): near numbers are about as good.",
    "clustering.proposed_weak": "No number is well founded: {proposed} is the most stable, but two halves of the data hardly agree "
    "on its clusters (stability {stability}; 1 is the same, 0 is chance). Look at them, and try other numbers with --clusters.",
    "clustering.asked": "{asked} clusters were asked for; the most stable number is {proposed} (stability {stability}).",
    "clustering.fewer": "Of {wanted} clusters {k} have items.",
    "clustering.too_few": "Of so few items no number of clusters can be proposed; say it with --clusters.",
    "clustering.accuracy": "Against the labels, which decided nothing: {value} % in the cluster that suits their class ({low} to "
    "{high}), NMI {nmi}, ARI {ari}.",
    "clustering.no_labels": "There are no labels, so nothing can be said of accuracy.",
    "clustering.sampled": "Pretrained features are held against the following on a sample of {n} items, clustered as if there were "
    "no others.",
    "clustering.better": "Pretrained features give clusters that are {amount} more accurate than those of {what:term}.",
    "clustering.worse": "Pretrained features did not pay: their clusters are {amount} less accurate than those of {what:term}.",
    "clustering.unclear": "Whether pretrained features give better clusters than {what:term} cannot be told: {amount}.",
    "clustering.more_stable": "Clusters of pretrained features are more stable than those of {what:term}, by {amount}; "
    "that does not make them right.",
    "clustering.less_stable": "Clusters of pretrained features are less stable than those of {what:term}, by {amount}.",
    "clustering.as_stable": "Whether clusters of pretrained features are more stable than those of {what:term} cannot be told: "
    "{amount}.",
}
