"""사진 속 위치를 찾는 모델의 보고서에 쓰는 말."""

__all__ = ["WORDS"]

WORDS = {
    "scores": "점수",
    "measure": "척도",
    "pretrained": "사전 학습",
    "untrained": "학습 안 함",
    "difference": "차이",
    "by_name": "클래스 또는 키포인트별",
    "how_many": "개수",
}
