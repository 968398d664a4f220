"""전이 가능성 점수 페이지의 낱말과 문장."""

__all__ = ["WORDS"]

WORDS = {
    "candidates": "실제로 측정한 후보",
    "candidates_note": "학습 항목 {train}개의 고정된 특징에 {head} 헤드를 학습해, 따로 떼어 둔 항목 {test}개에서 측정했습니다. "
    "차이는 같은 항목에서 첫 번째 후보보다 얼마나 낮았는지이며 구간과 함께 표시합니다.",
    "candidate": "백본",
    "stage": "스테이지",
    "accuracy": "정확도",
    "behind": "1위와의 차이",
    "features": "특징 수",
    "parameters": "파라미터",
    "untrained": "미학습",
    "best_so_far": "1위",
    "orders": "점수가 이를 얼마나 예측했나",
    "orders_note": "점수는 학습 항목 {n}개만 보고 계산했으며 떼어 둔 항목은 보지 않았습니다. 타우는 점수와 측정한 정확도 사이의 가중 켄달 "
    "타우입니다. 1이면 같은 순서, 0이면 우연 수준, -1이면 반대 순서이며 구간은 백본과 떼어 둔 항목에 대한 것입니다. 마지막 열은 점수가 1위로 꼽은 "
    "후보를 골랐을 때 잃는 정확도입니다.",
    "few_note": "백본이 {n}개뿐이면 타우의 구간은 거의 의미가 없습니다. 이렇게 적으면 어떤 점수든 우연히 맞거나 틀릴 수 있습니다. {needed}개 이상으로 "
    "비교하세요.",
    "score": "점수",
    "tau": "가중 타우",
    "of_candidates": "후보 수",
    "pick": "이 점수가 골랐을 후보",
    "missed": "그때의 손실",
    "outcomes": {"agrees": "일치", "opposes": "반대", "cannot tell": "알 수 없음"},
    "needs": {
        "features": "특징과 레이블",
        "posteriors": "원래 헤드",
        "facts": "데이터 불필요",
    },
    "values": "모든 점수",
    "values_note": "같은 행에서는 높을수록 좋고, 다른 행끼리는 비교할 수 없습니다. 계산이 빠른 점수에는 항목을 {resamples}번 재표본추출한 구간을 "
    "표시합니다. 줄표는 백본에 원래 클래스가 없거나, 발표된 값이 없거나, 하위 스테이지라는 뜻입니다. 모든 값은 scores.csv에 있습니다.",
    "values_note_plain": "같은 행에서는 높을수록 좋고, 다른 행끼리는 비교할 수 없습니다. 줄표는 백본에 원래 클래스가 없거나, 발표된 값이 없거나, 하위 "
    "스테이지라는 뜻입니다. 모든 값은 scores.csv에 있습니다.",
    "values_rest": "후보 {n}개 가운데 정확도가 높은 {shown}개를 보여 줍니다.",
    "n_test": "떼어 둔 항목",
    "n_train": "학습 항목",
    "n_candidates": "후보",
    "table_of": "점수",
    "about": "백본 {backbones}개의 후보 {n}개, 떼어 둔 항목 {test}개",
    "scoring.best": "후보 {n}개 가운데 {name}의 분류가 가장 정확합니다. 떼어 둔 항목의 {value} %({low}~{high})를 맞혔습니다.",
    "scoring.near": "이 항목들로는 다른 후보 {n}개도 그만큼 좋다고 볼 수 있습니다.",
    "scoring.ahead": "같은 항목에서 다른 모든 후보를 앞섭니다.",
    "scoring.paid": "사전학습이 도움이 됩니다. 가장 좋은 미학습 네트워크보다 {amount} 높습니다.",
    "scoring.lost": "여기서는 사전학습이 도움이 되지 않습니다. 가장 좋은 미학습 네트워크가 {amount} 높습니다.",
    "scoring.unclear": "사전학습이 도움이 되는지 알 수 없습니다. 가장 좋은 미학습 네트워크와의 차이는 {amount}입니다.",
    "scoring.too_few": "백본 {n}개로는 어떤 점수가 순서를 잘 매기는지 알 수 없습니다. {needed}개 이상이 필요합니다.",
    "scoring.ordered": "점수 {of}개 가운데 {n}개가 우연보다 나은 순서를 매겼고, {score:term}이(가) 가장 좋았습니다(가중 타우 {value}, {low}~{high}).",
    "scoring.none_ordered": "점수 {of}개 가운데 우연보다 확실히 나은 순서를 매긴 것은 없습니다. 측정한 값을 따르세요.",
    "scoring.opposed": "순서를 거꾸로 매긴 점수: {scores}.",
}
