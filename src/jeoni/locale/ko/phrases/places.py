"""사진 속 위치를 찾는 모델의 오류와 점검 결과."""

__all__ = ["WORDS"]

WORDS = {
    "{name} does not take pictures of {width} x {height} ({splitlines}). Take a convolutional backbone, such as efficientnet_lite0.": "{name:은} {width} x {height} 사진을 받지 않습니다({splitlines}). efficientnet_lite0 같은 합성곱 백본을 쓰십시오.",
    "FCOS was given no feature maps; it needs at least one. Name a backbone with stages.": "FCOS에 특징 맵이 없습니다. 하나 이상이 필요합니다. 단계로 나뉘는 백본을 지정하십시오.",
    "channels is {channels}; a multiple of {groups} is needed, such as 64.": "channels 값이 {channels}입니다. 64처럼 {groups}의 배수여야 합니다.",
    "Feature maps of strides {str} have {count} places, which rows of {size} x {size2} pixels do not give. Use a size that the largest stride divides.": "스트라이드 {str}의 특징 맵에는 위치가 {count}개인데 {size} x {size2}픽셀 입력과 맞지 않습니다. 가장 큰 스트라이드로 나누어떨어지는 크기를 쓰십시오.",
    "The heatmap head was given no feature maps; it needs one. Name a backbone with stages.": "히트맵 헤드에 특징 맵이 없습니다. 하나가 필요합니다. 단계로 나뉘는 백본을 지정하십시오.",
    "reading is {reading}; it can be {known}.{reading2}": "reading 값이 {reading}입니다. 가능한 값: {known}.{reading2}",
    "{folder}: head.maps names stage {stage} with {channels} channels at stride {stride}; the backbone gives no such map. Copy the folder anew.": "{folder}: head.maps에 {stage}단계, 채널 {channels}개, 스트라이드 {stride:이} 적혀 있지만 백본에는 그런 특징 맵이 없습니다. 폴더를 다시 복사하십시오.",
    "{folder}: head.maps is empty; a {get} needs one at least.": "{folder}: head.maps가 비어 있습니다. {get}에는 하나 이상이 필요합니다.",
    "This model's head is not known here; install the package it came with. {error}": "이 모델의 헤드를 알 수 없습니다. 해당 패키지를 설치하십시오. {error}",
    "None of the {items} items could be read. The first: {values}": "데이터 {items}개 중 읽을 수 있는 것이 없습니다. 첫 번째: {values}",
    "{origin} cannot be read for {wanted}. {error}": "{origin}: {wanted} 과제로 읽을 수 없습니다. {error}",
    "{origin} does not fit the model: {error}": "{origin:이} 모델과 맞지 않습니다: {error}",
    "The model's task {name} is not known here; install the package it came with.": "모델의 과제 {name:을} 알 수 없습니다. 해당 패키지를 설치하십시오.",
    "The model's task {name} cannot be made of what was saved of it ({name2}: {error}). Copy the model folder anew.": "저장된 내용으로 모델의 과제 {name:을} 만들 수 없습니다({name2}: {error}). 모델 폴더를 다시 복사하십시오.",
    "only scored": "평가에만 사용",
    "kinds must be a list of names": "kinds는 이름의 목록이어야 함",
    "A mask has {columns} x {rows} pixels, other proportions than its picture, whose heat map has {shape} x {shape2}. Needed: a mask of the picture's size.": "마스크가 {columns} x {rows}픽셀로, 히트맵이 {shape} x {shape2}인 사진과 비율이 다릅니다. 사진과 크기가 같은 마스크가 필요합니다.",
    "A mask has {shape} x {shape2} pixels, its picture {shape3} x {shape4}.": "마스크는 {shape} x {shape2}픽셀, 사진은 {shape3} x {shape4}픽셀입니다.",
    "Masks name the classes {names}, the model {known}; {unknown} is new.": "마스크의 클래스는 {names}, 모델의 클래스는 {known}입니다. {unknown:은} 모델에 없습니다.",
    "Masks name the classes {names}, the model {known}, in another order.": "마스크의 클래스는 {names}인데 모델의 클래스는 {known:으로} 순서가 다릅니다.",
}
