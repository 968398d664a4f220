"""The time and the disk that a run may take, and what was given up for them."""

__all__ = ["WORDS"]

WORDS = {
    # said before the run
    "budget.repeats": "제한 시간 {budget:을} 지키기 위해 교차검증 분할을 {full}번 대신 {n}번만 반복합니다.",
    "budget.share": "제한 시간 {budget:을} 지키기 위해 학습 길이를 원래의 약 {percent}%로 줄입니다.",
    "budget.no_pictures": "제한 시간 {budget:을} 지키기 위해 보고서에 그림을 넣지 않습니다.",
    "budget.no_control": "제한 시간 {budget:을} 지키기 위해 미학습 대조군을 측정하지 않습니다. 전이학습의 효과는 알 수 없습니다.",
    "budget.no_stages": "제한 시간 {budget:을} 지키기 위해 단계별 프로브를 생략합니다.",
    "budget.draws": "제한 시간 {budget:을} 지키기 위해 추출을 {full}번 대신 {n}번만 비교합니다.",
    "budget.too_small": "budget의 값이 {budget}입니다. 데이터를 읽고 시간을 재는 데 {passed:이} 걸렸고, 남은 시간으로는 특징 추출과 헤드 학습, "
    "보고서 작성도 마칠 수 없습니다. --budget {needed} 이상으로 지정하십시오.",
    "budget.too_small_to_train": "budget의 값이 {budget}입니다. 데이터를 읽고 시간을 재는 데 {passed:이} 걸렸고, 남은 시간으로는 {strategy} "
    "전략을 학습할 수 없습니다. --budget {needed} 이상으로 지정하거나, --strategy probe와 --budget {probe}를 쓰십시오.",
    "budget.disk_too_small": "disk의 값이 {limit}입니다. 데이터({items}) {n}개의 특징만으로도 {needed:이} 필요합니다. --disk {needed} 이상으로 "
    "지정하거나 `jeoni cache clear`로 공간을 비우십시오.",
    "budget.used_up": "제한 시간 {budget:은} 이 실행의 이전 호출에서 이미 다 썼습니다. 남은 작업에 약 {needed:이} 더 걸립니다.",
    "budget.used_up_by_plan": "계획을 세우는 데 제한 시간 {budget:을} 다 썼습니다. 선택한 방법에 약 {needed:이} 더 걸립니다.",
    "budget.several_processes": "budget은 프로세스 하나로 실행할 때만 지킬 수 있는데 프로세스 {n}개가 함께 실행 중입니다. --budget을 빼거나 프로세스 하나로 실행하십시오.",
    # said after it
    "budget.shortened": "제한 시간 {budget}에 맞추어 {full}스텝 가운데 {steps}스텝만 학습했습니다.",
    "budget.stopped": "제한 시간 {budget:을} 다 써서 {full}스텝 가운데 {steps}스텝에서 학습을 멈췄습니다.",
    "budget.kept": "제한 시간 {budget} 가운데 {time:을} 썼습니다.",
    "budget.overrun": "제한 시간 {budget:을} 넘겨 {time:이} 걸렸습니다.",
}
