"""사진 속 위치를 다루는 과제에서 학습 전과 학습 중에 하는 말: 옵션, 점검 결과, 오류."""

__all__ = ["WORDS"]

WORDS = {
    # 이 과제들에는 의미가 없는 옵션
    "dense.unused": "{option}의 값이 {value}인데, {task:term}에는 쓰이지 않는 옵션입니다. {mend}",
    "dense.no_drop_suspects": "잘못된 레이블은 사진 전체에 붙은 레이블에서만 찾습니다. 이 옵션을 빼세요. 잘못된 주석은 보고서의 점수가 가장 낮은 "
    "사진에서 먼저 드러납니다.",
    "dense.no_repeats": "폴드는 한 번만 나눕니다. 이 옵션을 빼거나 --folds를 쓰세요. 여러 번 나누어 비교하려면 jeoni compare의 --repeats를 쓰세요.",
    "dense.no_control_items": "대조군은 모든 사진으로 학습합니다. 이 옵션을 빼세요. 시간을 아끼려면 --no-control을 쓰세요.",
    "dense.no_halving": "모든 전략을 모든 예산에서 비교합니다. 이 옵션을 빼거나 --strategies 또는 --budgets를 줄이세요.",
    "dense.no_class_weights": "손실이 클래스 균형을 스스로 맞추거나 맞추지 않습니다. 이 옵션을 빼세요.",
    "dense.no_reuse": "여러 깊이의 특징 맵이 모두 필요합니다. 이 옵션을 빼세요. 고정할 단계 수는 --frozen으로 정합니다.",
    "dense.no_label_smoothing": "목표값이 위치이므로 쓸 수 없습니다. 이 옵션을 빼세요.",
    "dense.no_mixup": "겹친 두 사진에는 위치를 정할 수 없습니다. 이 옵션을 빼세요. 무작위 증강은 --augment로 정합니다.",
    "dense.no_logit_adjustment": "손실이 클래스 균형을 스스로 맞추거나 맞추지 않습니다. 이 옵션을 빼세요.",
    "dense.no_patience": "마지막 스텝의 가중치를 쓰며, 학습에서 따로 떼어 두는 사진이 없습니다. 이 옵션을 빼세요. 학습 길이는 --steps나 "
    "--epochs로 정합니다.",
    "dense.no_crop": "사진을 자르지 않고 전체를 계산합니다. 이 옵션을 빼세요. 크기는 --image-size로 정합니다.",
    "dense.no_seconds": "녹음에 쓰는 옵션입니다. 이 옵션을 빼세요.",
    "dense.no_engine": "저장한 위치 모델은 torch로 실행합니다. 이 옵션을 빼세요.",
    "dense.no_frames": "주석이 달린 파일 하나가 사진 한 장입니다. 이 옵션을 빼세요.",
    "dense.no_column": "주석 파일이 사진을 직접 가리킵니다. 이 옵션을 빼세요. 경로로 그룹을 만들려면 --group-pattern을 쓰세요.",
    "dense.no_format": "format의 값이 {value}인데, 사진 속 위치를 쓰는 형식입니다. 이 모델의 과제는 {task:term}이고 예측은 표로 씁니다. --format을 빼세요.",
    "dense.no_keep_columns": "--keep-columns는 표에 쓰는 옵션인데, 사진 속 위치의 예측은 행이 따로 있습니다. 이 옵션을 빼세요.",
    "dense.no_frozen": "frozen의 값이 {value}인데, {strategy} 전략은 고정할 단계를 스스로 정합니다. --strategy finetune도 지정하거나 이 옵션을 빼세요.",
    "dense.fitted_head": "{head} 헤드는 반복 학습 없이 한 번에 맞추므로 {options}은(는) 쓰이지 않습니다. 이 옵션을 빼세요.",
    "dense.fitted_only": "{head} 헤드는 반복 학습을 하지 않는데 strategy의 값이 {strategy}입니다. --strategy probe를 쓰세요.",
    # 예측할 때 하는 말
    "dense.masks": "{path}의 마스크 {n}개는 사진의 주석이므로 예측하지 않습니다.",
    # 계획
    "dense.marked": "쓸 수 있는 사진 {n}장 가운데 {labelled}장에 주석이 있으며 종류는 {names}가지입니다.",
    "dense.marked_detection": "쓸 수 있는 사진 {n}장 가운데 {labelled}장에 주석이 있으며 {names}개 클래스의 객체 {total}개가 있습니다.",
    "dense.marked_pose": "쓸 수 있는 사진 {n}장 가운데 {labelled}장에 주석이 있으며 키포인트 {names}종의 보이는 점 {total}개가 있습니다.",
    "dense.empty": "주석이 있는 사진 {n}장에는 객체가 없습니다. 객체가 아닌 것을 배우는 데 쓰입니다.",
    "dense.small_class": "{name} 클래스는 {n}번만 나옵니다. 이 클래스의 점수는 불확실하므로 주석을 먼저 더 모으세요.",
    "dense.small_classes": "그 밖에 {n}개 클래스가 {few}번보다 적게 나옵니다.",
    "dense.small_objects": "{width} x {height} 크기에서는 객체의 절반이 {side}픽셀보다 작아 가장 촘촘한 특징 맵에서도 두 칸이 되지 않습니다. 사진이 "
    "충분히 크다면 --image-size를 키우세요.",
    "dense.places_few": "학습할 사진이 {n}장으로 {few}장보다 적으면, 고정한 백본이 학습한 백본만큼 정확하고 비용은 훨씬 적습니다.",
    "dense.places_many": "학습할 사진이 {n}장으로 {few}장 이상이면, 위쪽 단계까지 학습할 때 고정한 백본보다 정확해집니다.",
    "dense.places_long": "학습할 사진이 {n}장이면 위쪽 단계까지 학습하는 편이 낫지만 시간이 너무 오래 걸리므로 백본을 고정합니다.",
    "dense.places_memory": "이 헤드는 정상 사진 {n}장의 모습을 기억합니다. 학습하는 것은 없습니다.",
    "dense.by_rule": "규칙에 따른 선택이며 학습해 확인한 것은 아닙니다. --budget을 주면 떼어 둔 사진으로 후보들을 시험합니다.",
    "dense.tried": "떼어 둔 사진 {n}장으로 시험했으며 학습 길이는 원래의 {percent}%입니다. 학습이 긴 후보일수록 유리한 비교입니다.",
    "dense.taken": "선택: {name}. {reason}",
    "dense.one_backbone": "backbone의 값이 {value}인데, 사진 속 위치 과제는 백본 하나씩 계획합니다. 하나만 지정하고 나머지는 따로 계획하세요.",
    "dense.no_source": "소스와의 비교는 사진 전체의 클래스에 대한 것입니다. --source를 빼세요.",
}
