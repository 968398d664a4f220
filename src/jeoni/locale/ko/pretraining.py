"""사전학습에 관한 문장과 보고서의 말."""

__all__ = ["WORDS"]

WORDS = {
    "pretraining.paid": "사전학습이 도움이 되었습니다. 선형 프로브가 시작 가중치보다 {amount} 향상되었습니다.",
    "pretraining.cost": "사전학습이 오히려 역효과를 냈습니다. 선형 프로브가 시작 가중치보다 {amount} 나빠졌습니다.",
    "pretraining.unclear": "사전학습의 효과를 판단할 수 없습니다. 시작 가중치와의 차이는 {amount}입니다.",
    "pretraining.unknown": "레이블이 없어 사전학습의 효과를 판단할 수 없습니다. --probe로 레이블이 있는 데이터를 지정하십시오.",
    "pretraining.unknown_supervised": "사전학습의 효과를 판단할 수 없습니다. 학습에 쓴 레이블로는 평가할 수 없으므로 --probe로 실제 "
    "과제의 데이터를 지정하십시오.",
    "pretraining.scores": "학습에 쓰지 않은 레이블 데이터 {n}개에서 {measure:term}: 사전학습 전 {start}, 후 {pretrained}.",
    "pretraining.rank": "특징의 유효 랭크: 전 {before}, 후 {after}(전체 {dim}차원).",
    "pretraining.rank_of": "특징의 유효 랭크: 전 {before}({old}차원), 후 {after}({new}차원).",
    "pretraining.narrowed": "특징이 좁아졌습니다. 유효 랭크가 {before}에서 {after:으로} 줄었습니다(전체 {dim}차원).",
    "pretraining.collapsed": "특징이 붕괴했습니다. 유효 랭크가 {after}에 그칩니다(전체 {dim}차원). 이 특징으로는 아무것도 구별할 수 "
    "없으니 학습률을 낮추거나 다른 방법을 쓰십시오.",
    # 보고서
    "verdict_name": "프로브의 향상 폭",
    "outcomes": {"paid": "효과 있음", "cost": "역효과", "unclear": "판단 불가", "unknown": "레이블 없음"},
    "in_points": "%p",
    "before_name": "시작 가중치",
    "after_name": "사전학습 후",
    "rank_name": "유효 랭크",
    "rank_range": "전 {before}, 전체 {dim}차원",
    "items_name": "학습한 데이터",
    "seconds_name": "학습 시간",
    "steps_taken": "{n}스텝",
    "probe_title": "사전학습 전후의 선형 프로브",
    "probe_note_test": "두 프로브를 같은 레이블 데이터로 학습하고, 따로 둔 {n}개로 짝지어 비교했습니다. 이 데이터의 내용은 사전학습에 "
    "쓰였을 수 있지만 레이블은 쓰이지 않았습니다.",
    "probe_note_cv": "같은 레이블 데이터 {n}개와 같은 폴드에서 반복 교차검증으로 두 프로브를 짝지어 비교했습니다. 이 데이터의 내용은 "
    "사전학습에 쓰였을 수 있지만 레이블은 쓰이지 않았습니다.",
    "gain_column": "차이",
    "course": "손실",
    "course_note": "손실의 항목별 값(가중치 포함)을 학습 구간마다 평균했습니다. 손실이 줄었다는 것은 사전학습 과제를 익혔다는 뜻일 뿐, "
    "다른 과제에 좋은 특징이라는 뜻은 아닙니다.",
    "loss_axis": "손실",
    "course_game": "판별자와 생성자의 손실입니다. 둘 다 줄어야 하는 값이 아니며, 함께 움직이는 동안 둘 다 학습합니다. 판별자의 손실이 "
    "0에 가까우면 생성자는 더 배우지 못합니다.",
    "collapse": "붕괴 점검",
    "collapse_note": "데이터 {n}개의 특징이 쓰는 방향의 수입니다. RankMe는 평균을 포함하고, 유효 랭크는 평균을 뺀 값입니다. 퍼짐은 "
    "데이터끼리 서로 다른 정도를 특징의 길이에 대한 비율로 나타냅니다. 랭크가 1에 가까우면 붕괴입니다.",
    "collapse_measures": {"rank_me": "RankMe", "effective_rank": "유효 랭크", "deviation": "퍼짐"},
    "views_title": "한 데이터의 두 증강",
    "views_note": "세로 한 줄이 데이터 하나이며, 학습에 쓴 무작위 증강 두 장입니다.",
    "samples_title": "생성한 이미지",
    "samples_note": "학습이 끝난 생성자가 잡음에서 만든 이미지입니다.",
    "details_title": "희소 코드",
    "details_names": {
        "atoms": "사전의 원자 수",
        "used": "데이터 하나가 쓰는 원자 수(평균)",
        "explained": "희소 코드가 설명하는 특징 분산의 비율",
        "seconds": "학습 시간(초)",
    },
    "stages_title": "단계",
    "use_title": "사용 방법",
    "use_note": "이 폴더에는 헤드가 없는 백본이 들어 있습니다. 다른 백본과 똑같이 쓸 수 있습니다.",
    "use_code": "jeoni fit DATA --backbone {folder}",
    # 카드
    "about_probe": "선형 프로브의 {measure}, 레이블 데이터 {n}개",
    "about_unknown": "레이블 없음",
    "card_about": "jeoni {version} 버전으로 {data} 데이터에서 사전학습한, 헤드가 없는 백본입니다. 사용 방법:",
    "card_weights": "시작한 가중치: {name}, 출처 {source} (라이선스: {licence}, 텐서의 SHA-256 {sha256}).",
}
