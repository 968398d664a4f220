"""제로샷 실행에 쓰이는 말: 페이지의 낱말과 결과를 알리는 문장."""

__all__ = ["WORDS"]

WORDS = {
    "zero_shot.correct": "{k}개 클래스의 예시를 하나도 보지 않고, 레이블이 있는 {n}개 중 {value} %를 맞혔습니다 ({low}~{high}).",
    "zero_shot.correct_generalised": "클래스 {k}개(그중 {unseen}개는 예시를 보지 못함) 가운데에서, 레이블이 있는 {n}개 중 "
    "{value} %를 맞혔습니다 ({low}~{high}).",
    "zero_shot.levels": "무작위로 찍으면 {chance} %, 가장 많은 클래스로만 답하면 {majority} %입니다.",
    "zero_shot.above": "무작위 수준보다 높습니다: 균형 정확도 {value} % ({low}~{high}).",
    "zero_shot.below": "무작위 수준보다 낮습니다: 균형 정확도 {value} % ({low}~{high}). 클래스 이름이 레이블의 뜻을 담고 있지 "
    "않습니다. 클래스를 설명해 주거나, 몇 개라도 레이블을 다십시오.",
    "zero_shot.below_seen": "무작위 수준보다 낮습니다: 균형 정확도 {value} % ({low}~{high}). 본 클래스에서 배운 것이 이 클래스들에는 "
    "맞지 않습니다. 더 가까운 클래스의 예시를 주거나, 몇 개라도 레이블을 다십시오.",
    "zero_shot.unclear": "무작위 수준보다 나은지 판단할 수 없습니다: 균형 정확도 {value} % ({low}~{high}).",
    "zero_shot.calibration_added": "레이블 없이 한 보정으로 {amount} 향상되었습니다.",
    "zero_shot.calibration_cost": "레이블 없이 한 보정으로 {amount} 하락했습니다. 보정을 빼려면 --calibration none을 쓰십시오.",
    "zero_shot.calibration_unclear": "레이블 없이 한 보정의 효과를 판단할 수 없습니다: {amount}.",
    "zero_shot.harmonic": "클래스 평균 정확도는 본 클래스 {seen} %, 보지 못한 클래스 {unseen} %이며, 조화 평균은 {value} %입니다 "
    "({low}~{high}).",
    "zero_shot.learned": "{method}은(는) 본 클래스 {k}개의 예시 {n}개로 학습했습니다. 그중 일부 클래스를 빼 두고 재면 {accuracy} %를 "
    "맞혔고, 무작위로 찍으면 {guessing} %입니다.",
    "zero_shot.learned_unchosen": "{method}은(는) 본 클래스 {k}개의 예시 {n}개로 학습했습니다. 클래스가 너무 적어 일부를 빼 두고 잴 수 "
    "없었으므로, 하이퍼파라미터는 기본값입니다.",
    "zero_shot.no_labels": "클래스에 해당하는 레이블이 하나도 없어 정확도는 알 수 없습니다.",
    "zero_shot.predicted": "{n}개를 예측했습니다: {shares}.",
    "zero_shot.meaningless": "클래스 이름 {name}은(는) 인코더에게 뜻이 없습니다: {why}",
    "zero_shot.describe": '그대로 두었으니, 설명을 붙이십시오: --classes "{name}=설명"',
    "zero_shot.why_number": "낱말이 아니라 숫자입니다",
    "zero_shot.why_no_letters": "글자가 없습니다",
    "zero_shot.why_letter": "글자 하나뿐입니다",
    "zero_shot.why_unknown": "인코더가 모르는 글자입니다",
    "zero_shot.why_pieces": "인코더가 모르는 낱말이라 조각으로 읽습니다: {pieces}",
    "zero_shot.hardly": "{name} 클래스로 예측된 데이터가 {n}개 중 {count}개입니다",
    "zero_shot.if_not_rare": "그대로 두었으니, 드문 클래스가 아니라면 설명을 붙이거나, 클래스 빈도가 비슷할 때 --calibration batch를 쓰십시오",
    "zs_method": "방법",
    "zs_calibration": "보정",
    "zs_known": "무엇을 알고, 무엇을 몰랐는가",
    "zs_names_alone": "{k}개 클래스의 예시는 하나도 보지 않았습니다. 아래에 적힌 말만을 {backbone}이(가) 데이터와 같은 방식으로 "
    "읽었습니다.",
    "zs_from_seen": "다른 클래스 {k}개({names})의 레이블 있는 예시 {n}개를 보았습니다. 이들로부터 데이터와 {what}이(가) 어떻게 "
    "이어지는지를 배웠으며, {unseen}의 예시는 하나도 보지 않았습니다.",
    "zs_what_names": "클래스를 설명하는 말",
    "zs_what_attributes": "클래스의 속성",
    "zs_batch": "각 클래스의 점수에서 이 데이터 전체의 평균을 뺐습니다. 데이터는 쓰지만 레이블은 쓰지 않으며, 클래스의 빈도가 비슷할 때 "
    "알맞습니다.",
    "zs_contextual": "각 클래스의 점수에서 내용 없는 글에 대한 평균을 뺐습니다.",
    "zs_labels_score": "데이터의 레이블은 채점에만 썼습니다.",
    "zs_probabilities": "확률은 코사인 유사도에 인코더를 학습할 때의 값 {scale}을(를) 곱한 소프트맥스입니다. 이 과제의 레이블로 보정된 "
    "적이 없으므로 순서로만 읽고, 맞을 비율로 읽지 마십시오.",
    "zs_probabilities_seen": "확률은 빼 둔 본 클래스들로 보정했습니다. 보지 못한 클래스에 대해서는 보이는 것보다 불확실합니다.",
    "zs_probabilities_raw": "본 클래스가 너무 적어 확률을 보정하지 못했습니다. 순서로만 읽으십시오.",
    "zs_handicap": "본 클래스도 후보이며 점수를 {value}만큼 낮췄습니다. 이 값은 본 클래스 일부를 보지 못한 것으로 두고 골랐습니다"
    "(calibrated stacking).",
    "zs_setting": "하이퍼파라미터는 본 클래스를 {folds}개로 나눈 폴드에서 골랐습니다: {setting}.",
    "zs_n_seen": "본 클래스 {n}개",
    "zs_n_labelled": "레이블 있음 {n}개",
    "zs_guessing": "무작위",
    "zs_majority": "가장 많은 클래스",
    "zs_uncalibrated": "보정 없이",
    "zs_scores_note": "레이블이 있는 {n}개로 측정했으며, 레이블은 어떤 선택에도 쓰지 않았습니다.",
    "zs_parts": {"seen": "본 클래스", "unseen": "보지 못한 클래스", "harmonic_mean": "조화 평균"},
    "zs_parts_title": "본 클래스와 보지 못한 클래스",
    "zs_parts_note": "모든 클래스를 후보로 두었을 때, 종류별 클래스 평균 정확도입니다.",
    "zs_class": "클래스",
    "zs_classes": "클래스",
    "zs_said": "읽은 말",
    "zs_predicted": "예측 수",
    "zs_share": "비율",
    "zs_margin": "격차 중앙값",
    "zs_prior": "점수에서 뺀 값",
    "zs_seen_mark": "본 클래스",
    "zs_margin_note": "격차는 예측한 클래스의 확률에서 그다음 클래스의 확률을 뺀 값입니다.",
    "zs_similarity": "클래스 이름은 서로 얼마나 가까운가",
    "zs_similarity_note": "클래스 벡터 사이의 코사인 유사도입니다. 가까울수록 이름만으로는 구별하기 어렵습니다.",
    "zs_surest": "클래스별로 가장 확실한 데이터",
    "zs_mistakes": "가장 확신하고 틀린 데이터",
    "zs_doubtful": "가장 애매한 데이터",
    "zs_kinds": {
        "meaningless_name": "인코더에게 뜻이 없는 클래스 이름",
        "alike_classes": "주어진 말만으로는 구별하기 어려운 클래스 묶음",
        "constant_attribute": "모든 본 클래스에서 같은 속성",
        "other_class": "지정하지 않은 클래스의 레이블(해당 데이터는 채점하지 않음)",
        "other_labels": "레이블이 클래스 이름과 맞지 않음",
        "hardly_predicted": "예측된 데이터가 거의 없는 클래스",
    },
    "zs_more_texts": "외 {n}개",
}
