"""잘못되었을 가능성이 있는 레이블을 말하는 낱말과 문장."""

__all__ = ["WORDS"]

WORDS = {
    "label_noise.found": "레이블 {of}개 중 {n}개가 의심됩니다. 해당 데이터를 보지 않은 모델이 다른 클래스를 확신합니다. 잘못된 레이블과 단순히 어려운 "
    "데이터가 섞여 있으니(잘못된 레이블 비율의 상한 추정 {value} %, {low}~{high}) suspects.csv를 확인하십시오.",
    "label_noise.left_out": "학습 데이터 {of}개 중 레이블이 의심되는 {n}개를 학습에서 제외했습니다.",
    "label_noise.added": "제외한 결과 {amount} 향상되었습니다.",
    "label_noise.cost": "제외한 결과 {amount} 하락했습니다.",
    "label_noise.unclear": "제외한 것이 도움이 되었는지 알 수 없습니다: {amount}.",
    "suspects": "의심되는 레이블",
    "suspects_note": "해당 데이터를 보지 않은 모델이 다른 클래스를 확신하는 데이터입니다(confident learning). 레이블이 잘못된 것도 있고 단순히 어려운 "
    "것도 있습니다. 의심되는 순서이며, 전체 목록은 suspects.csv에 있습니다.",
    "suspects_kept": "제외한 데이터는 없습니다. 제외하고 학습하려면 --drop-suspects를 지정하십시오.",
    "suspects_left_out": "학습 데이터 {of}개 중 {n}개를 학습에서 제외했으며, 평가 데이터에서는 제외하지 않았습니다.",
    "suspect_is": "레이블 {given}, 예측 {suggested}",
    "suspect_fit": "레이블의 확률 {share} %",
    "suspect_share": "잘못된 레이블 비율의 상한 추정(어려운 데이터 포함)",
    "suspect_count": "개 레이블이 의심됨",
    "suspect_with": "의심 데이터 포함 학습",
    "suspect_gain": "제외 효과",
    "suspect_left_out": "제외됨",
    "suspects_rest": "그 밖에 {n}개가 더 있습니다.",
}
