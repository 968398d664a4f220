"""군집화 페이지의 낱말과 문장."""

__all__ = ["WORDS"]

WORDS = {
    "clusters": "클러스터",
    "clusters_note": "클러스터마다 중심에 가장 가까운 데이터을 먼저, 다른 클러스터일 수도 있는 모호한 데이터을 그 아래에 보여 줍니다. "
    "clusters.csv의 label 열에서 클러스터 이름을 바꾼 뒤 jeoni fit clusters.csv를 실행하십시오.",
    "cluster": "클러스터",
    "size": "데이터 수",
    "share": "비율",
    "confidence": "신뢰도",
    "confidence_note": "신뢰도는 그 데이터을 보지 않은 선형 분류기가 그 클러스터에 준 확률입니다.",
    "suits": "가장 많은 클래스",
    "purity": "그 비율",
    "typical": "가장 전형적인 데이터",
    "doubtful": "가장 모호한 데이터",
    "rest": "나머지 클러스터 {n}개는 clusters.csv에 있습니다.",
    "number": "클러스터 수",
    "number_note": "후보마다 데이터를 무작위로 {times}번 반으로 나누어 양쪽을 k-평균으로 군집화했습니다. 안정성은 두 절반의 결과가 일치하는 "
    "정도(수정 랜드 지수, 1이면 동일, 0이면 우연 수준)이고 띠는 그 범위입니다. 실루엣은 클러스터 안팎의 거리를 비교합니다.",
    "stability": "안정성",
    "most_stable": "가장 안정적: {n}개",
    "silhouette": "실루엣",
    "number_axis": "클러스터 수",
    "chosen_number": "선택: {n}개",
    "representations": "사전학습의 효과",
    "representations_note": "같은 데이터의 다른 특징에 같은 방법을 적용했습니다. 점수는 데이터의 80 %를 무작위로 뽑은 {repeats}개 부분의 평균이고, "
    "차이는 같은 부분, 같은 데이터끼리 짝지어 계산했습니다.",
    "representations_no_labels": "같은 데이터의 다른 특징에 같은 방법을, 데이터의 80 %를 뽑은 같은 {repeats}개 부분에서 적용했습니다. 레이블이 없으면 "
    "안정성만 비교할 수 있습니다. 다시 나타나는 클러스터가 원하는 클러스터라는 뜻은 아닙니다.",
    "representations_sample": "모두 표본 데이터 {n}개로 측정했습니다.",
    "features_of": "특징",
    "kinds": {"pretrained": "사전학습", "untrained": "미학습 네트워크", "raw": "네트워크 없음"},
    "more": "사전학습과의 차이",
    "table_of": "클러스터",
    "table": "클러스터와 레이블",
    "table_note": "행은 클래스, 열은 클러스터이고 음영은 행에서 차지하는 비율입니다. 레이블은 이 표와 점수에만 쓰였습니다.",
    "scores_labels": "레이블이 있는 데이터 {n}개의 점수입니다. 레이블은 어떤 결정에도 쓰지 않았습니다. 군집 정확도는 클래스마다 클러스터 하나를 "
    "짝지어 맞는 데이터이 가장 많아지게 한 값입니다.",
    "clustering_accuracy": "군집 정확도",
    "nmi": "NMI",
    "ari": "ARI",
    "map_note": "가까이 있는 데이터은 네트워크가 비슷하게 보는 데이터입니다({method}). 색은 클러스터입니다.",
    "method": "방법",
    "model_agrees": "저장된 모델은 보지 못한 데이터의 {share} %를 원래 클러스터에 배정합니다.",
    "no_model": "모델은 저장되지 않았습니다. 백본이 하나이고 클러스터마다 데이터이 두 개 이상이어야 합니다.",
    "clustered_by": "{method}, {scaling}",
    "about": "데이터 {n}개, 클러스터 {k}개 ({method})",
    "clustering.found": "데이터 {n}개가 클러스터 {k}개로 나뉩니다({on}의 특징에 {method:term} 적용).",
    "clustering.proposed_clear": "데이터를 반으로 나눈 두 결과가 클러스터 {proposed}개에서 잘 일치합니다(안정성 {stability}, 1이면 동일, 0이면 우연 수준).",
    "clustering.proposed_fair": "데이터를 반으로 나눈 두 결과가 클러스터 {proposed}개에서 일부 일치합니다(안정성 {stability}, 1이면 동일, 0이면 우연 수준). "
    "가까운 수도 비슷하게 좋습니다.",
    "clustering.proposed_weak": "뚜렷한 클러스터 수가 없습니다. {proposed}개가 가장 안정적이지만 데이터를 반으로 나눈 두 결과가 거의 일치하지 않습니다"
    "(안정성 {stability}, 1이면 동일, 0이면 우연 수준). 클러스터를 직접 살펴보고 --clusters로 다른 수도 시도해 보십시오.",
    "clustering.asked": "요청한 클러스터는 {asked}개이고, 가장 안정적인 수는 {proposed}개입니다(안정성 {stability}).",
    "clustering.fewer": "클러스터 {wanted}개 가운데 {k}개에만 데이터이 있습니다.",
    "clustering.too_few": "데이터이 너무 적어 클러스터 수를 제안할 수 없습니다. --clusters로 지정하십시오.",
    "clustering.accuracy": "결정에 쓰지 않은 레이블과 비교하면 {value} %({low}~{high})가 클래스에 맞는 클러스터에 있고, NMI {nmi}, "
    "ARI {ari}입니다.",
    "clustering.no_labels": "레이블이 없어 정확도는 알 수 없습니다.",
    "clustering.sampled": "다음 비교는 표본 데이터 {n}개만 따로 클러스터링해 측정했습니다.",
    "clustering.better": "사전학습 특징의 클러스터가 {what:term}의 클러스터보다 {amount} 더 정확합니다.",
    "clustering.worse": "사전학습은 도움이 되지 않았습니다. {what:term}의 클러스터보다 {amount} 덜 정확합니다.",
    "clustering.unclear": "사전학습 특징의 클러스터가 {what:term}보다 나은지 알 수 없습니다: {amount}.",
    "clustering.more_stable": "사전학습 특징의 클러스터가 {what:term}의 클러스터보다 {amount} 더 안정적입니다. 안정적이라고 옳은 것은 아닙니다.",
    "clustering.less_stable": "사전학습 특징의 클러스터가 {what:term}의 클러스터보다 {amount} 덜 안정적입니다.",
    "clustering.as_stable": "사전학습 특징의 클러스터가 {what:term}의 클러스터보다 안정적인지 알 수 없습니다: {amount}.",
}
