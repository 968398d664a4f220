"""타깃 레이블 일부를 사용하는 적응에 관한 낱말과 문장."""

__all__ = ["WORDS"]

WORDS = {
    "adaptation.leads": "타깃 레이블 {n}개에서 소스 모델보다 통계적으로 유의하게 우수하며, 시도한 방법 {tried}개 중 우위가 가장 확실함",
    "adaptation.none_leads": "타깃 레이블 {n}개에서 소스 모델보다 통계적으로 유의하게 우수한 방법이 {tried}개 중에 없음",
    "adaptation.by_labels": "타깃 레이블 {n}개로 {method} 방법을 골랐으며, 이 데이터는 평가에 쓰지 않았습니다.",
    "used_labels": "레이블에 따른 방법 선택",
    "used_labels_note": "타깃 레이블 {n}개({classes})로, 학습에 쓰지 않은 데이터에서 모든 방법을 비교했습니다. 우위는 소스 모델보다 브라이어 점수가 얼마나 작은지를 뜻하며, 우위가 0.02 이상이고 단측 95 % 신뢰 하한이 0보다 큰 방법 중 표준 오차 대비 우위가 가장 큰 것을 골랐습니다. 이 데이터는 평가에 쓰지 않았습니다.",
    "used_taught": "고른 방법은 이 레이블 전체로 다시 학습했습니다.",
    "used_not_taught": "고른 방법은 레이블로 학습하지 않으며, 레이블은 방법을 고르는 데만 쓰였습니다.",
    "used_lead": "우위(브라이어)",
    "used_shrunken": "단측 95 % 하한",
    "used_errors": "표준 오차 대비",
    "used_accuracy": "정확도(교차검증)",
    "used_items": "사용한 데이터",
    "used_count": "{name} {n}개",
    "used_said": "레이블 {label}, 교차검증 예측 {predicted}",
}
