"""타깃 레이블 일부를 사용하는 적응에 관한 낱말과 문장."""

__all__ = ["WORDS"]

WORDS = {
    "adaptation.source_counts": "타깃 레이블 {n}개로 비교한 다른 방법 {tried}개의 가중치가 모두 1 % 미만임",
    "adaptation.one_counts": "타깃 레이블 {n}개로 비교한 방법 중 다른 {tried}개의 가중치가 모두 1 % 미만임",
    "adaptation.most": "타깃 레이블 {n}개로 방법 {count}개의 가중 평균을 구했으며, {most}의 비중이 {share} %임",
    "adaptation.by_labels": "{why}. 이 데이터는 평가에 쓰지 않았습니다.",
    "used_labels": "레이블에 따른 방법별 비중",
    "used_labels_note": "타깃 레이블 {n}개({classes})로, 학습에 쓰지 않은 데이터에서 모든 방법을 비교했습니다. 가중 평균에서 방법의 비중은 사전 비중에 예측 우도의 제곱근을 곱한 값에 비례합니다. standardize+all이 있으면 사전 비중의 4분의 1을 갖고, 나머지는 다른 방법이 똑같이 나눕니다. 우위는 소스 모델보다 브라이어 점수가 얼마나 작은지를 뜻합니다. 이 데이터는 평가에 쓰지 않았습니다.",
    "used_taught": "레이블로 학습하는 방법은 이 레이블 전체로 다시 학습했습니다.",
    "used_not_taught": "평균에 쓰인 방법은 레이블로 학습하지 않으며, 레이블은 비중을 정하는 데만 쓰였습니다.",
    "used_lead": "우위(브라이어)",
    "used_share": "비중(%)",
    "used_accuracy": "정확도(교차검증)",
    "used_items": "사용한 데이터",
    "used_count": "{name} {n}개",
    "used_said": "레이블 {label}, 교차검증 예측 {predicted}",
}
