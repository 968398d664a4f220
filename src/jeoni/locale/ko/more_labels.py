"""레이블을 늘렸을 때의 효과를 말하는 낱말과 문장."""

__all__ = ["WORDS"]

WORDS = {
    "more_labels.double": "레이블을 두 배로 늘리면",
    "more_labels.times": "레이블을 {factor}배로 늘리면",
    "more_labels.helps": "{times} {amount} 향상될 것으로 보입니다.",
    "more_labels.lowers": "{times} {measure:term 이} {amount} 개선될 것으로 보입니다.",
    "more_labels.little": "{times} 효과가 거의 없을 것으로 보입니다: {amount}.",
    "more_labels.unclear": "레이블을 늘리는 것이 도움이 될지 알 수 없습니다: {factor}배일 때 {amount}.",
    "more_labels": "레이블을 늘렸을 때의 효과",
    "more_labels_note": "점은 레이블의 일부만 사용한 닫힌 형식 헤드가 학습에 쓰지 않은 데이터에서 얻은 점수이고, 띠는 그 점들을 지나는 두 종류 곡선(POW4, MMF4)의 95 % 신뢰구간"
    "으로 레이블의 {factor}배까지 그렸습니다. 실제로 저장되는 헤드는 이보다 나을 수 있습니다. 이 곡선은 모델의 성능이 아니라 레이블의 효과를 보여 줍니다.",
    "more_labels_axis": "레이블 수",
    "more_labels_measured": "측정값",
    "more_labels_curve": "곡선",
    "more_labels_now": "현재 {n}개",
}
