"""사용자가 먼저 만나는 오류와 점검 결과."""

__all__ = ["WORDS"]

WORDS = {
    "error.did_you_mean": " 비슷한 이름: {names}.",
    "error.no_such_path": "{path}: 경로가 없습니다. 클래스별 폴더, 표 파일, 특징 파일, 저장된 데이터셋 중 하나를 지정하십시오.",
    "error.no_such_path_hub": "{path}: 경로가 없습니다. 클래스별 폴더, 표 파일, 특징 파일, 저장된 데이터셋 중 하나를 지정하십시오. Hugging Face 허브의 데이터셋이라면 다음과 같이 쓰십시오: {hub}",
    "error.no_labelled_items": "{data}: 레이블이 있는 데이터가 없습니다. jeoni fit에는 레이블이 필요합니다.",
    "error.no_labels": "{data}: 레이블이 없습니다. jeoni fit에는 레이블이 필요합니다.",
    "error.one_class": "{data}: 클래스가 하나뿐입니다({only}). 분류에는 두 개 이상이 필요합니다. 클래스마다 폴더를 나누거나 --label-column 옵션으로 레이블 열을 지정하십시오.",
    "error.one_item_each": "클래스마다 데이터가 하나뿐이라 평가용으로 남겨 둘 수 없으므로 모델의 성능을 알 수 없습니다. 어느 클래스에든 데이터를 하나 더 추가하거나 테스트 세트(--test)를 지정하십시오.",
    "error.too_few_to_compare": "점검 후 클래스 {name}에 남은 데이터가 {n}개입니다. 비교할 때는 표본마다 일부로 학습하고 나머지로 평가하므로 클래스마다 4개 이상이 필요합니다.",
    "error.not_among": "{name}: 알 수 없는 이름입니다({kind:term}).{near} 사용할 수 있는 이름: {known}.",
    "error.no_backbone": "{name}: 그런 백본이 없습니다.{near} 목록은 `jeoni list backbones`로 볼 수 있습니다.",
    "error.no_architecture": "{name}: timm에 그런 구조가 없습니다.{near} 목록은 `jeoni list backbones`로 볼 수 있습니다.",
    "error.no_option": "{name}: 그런 옵션이 없습니다.{near}",
    "error.wrong_choice": "{name} 옵션의 값이 {value}입니다. 가능한 값: {choices}.",
    "error.wrong_type": "{name} 옵션의 값이 {value}입니다. 필요한 형식: {type}.",
    "error.missing_extra": "{purpose}: {package} 패키지가 설치되어 있지 않습니다. 다음 명령으로 설치하십시오: {command}",
    "error.which_data": "학습할 데이터를 지정하십시오. 중단된 실행을 이어서 하려면 --resume RUN 옵션을 쓰십시오.",
    "error.which_domains": "타깃을 지정하고, 소스 데이터나 소스 모델 중 하나를 함께 지정하십시오.",
    "error.interrupted": "중단했습니다. 계산한 결과는 저장되어 있으므로 같은 명령을 실행하면 이어서 계산합니다.",
    "error.memory": "메모리가 부족합니다. 데이터의 개수나 크기를 줄이거나 --batch-size 값을 낮추십시오.",
    "error.refused": "{what}. 경로, 디스크, 접근 권한을 확인하십시오.",
    "error.not_a_run": "{run}: 실행 폴더가 아닙니다(run.json이 없음). `jeoni fit`이 만든 폴더를 지정하십시오.",
    # 실행 중에 알리는 점검 결과
    "finding.one": "{kind:term}({action:term}): {example}",
    "finding.many": "{kind:term} {n}건({action:term}), 예: {example}",
    "finding.example": "{path} ({detail:term})",
    "finding.identical": "{other} 데이터와 같음",
    "finding.nearly_identical": "{other} 데이터와 거의 같음",
    "finding.identical_in_test": "테스트 세트의 {other} 데이터와 같음",
    "finding.nearly_identical_in_test": "테스트 세트의 {other} 데이터와 거의 같음",
    "finding.other_label": "{other} 데이터와 내용은 같고 레이블이 다름: {label}",
    "finding.suspect": "이 데이터를 보지 않은 모델의 예측은 {label}, 현재 레이블의 확률은 {share} %",
    "finding.same_group": "테스트 세트의 {other} 데이터와 같은 그룹",
    "finding.unequal": "{larger} {most}개, {smaller} {least}개",
}
