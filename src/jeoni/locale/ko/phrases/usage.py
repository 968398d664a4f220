"""명령줄을 잘못 썼을 때의 오류. 명령줄 라이브러리의 영어 문장이 키입니다."""

__all__ = ["WORDS"]

WORDS = {
    "Try '{command} --help' for help.": "도움말: {command} --help",
    "Invalid value: {why}": "값이 올바르지 않습니다: {why}",
    "Invalid value for {option}: {why}": "{option} 옵션의 값이 올바르지 않습니다: {why}",
    "Input should be a valid integer, unable to parse string as an integer": "정수를 입력하십시오",
    "Input should be a valid number, unable to parse string as a number": "숫자를 입력하십시오",
    "Input should be a valid boolean, unable to interpret input": "true 또는 false를 입력하십시오",
    "{value} is not a valid integer.": "{value:은} 정수가 아닙니다.",
    "{value} is not a valid float.": "{value:은} 숫자가 아닙니다.",
    "{value} is not a valid boolean.": "{value:은} true 또는 false가 아닙니다.",
    "{value} is not one of {choices}.": "{value:은} 쓸 수 없습니다. 가능한 값: {choices}.",
    "No such option: {option}": "{option}: 그런 옵션이 없습니다.",
    "No such option: {option} (Possible options: {near})": "{option}: 그런 옵션이 없습니다. 비슷한 옵션: {near}.",
    "No such option: {option} Did you mean {near}?": "{option}: 그런 옵션이 없습니다. 비슷한 옵션: {near}.",
    "No such command {name}.": "{name}: 그런 명령이 없습니다.",
    "Missing argument {name}.": "{name:을} 지정하십시오.",
    "Missing option {name}.": "{name} 옵션을 지정하십시오.",
    "Missing parameter: {name}": "{name:을} 지정하십시오.",
    "Missing command.": "명령을 지정하십시오.",
    "Option {option} requires an argument.": "{option} 옵션에 값을 지정하십시오.",
    "Option {option} requires {n:d} arguments.": "{option} 옵션에 값을 {n}개 지정하십시오.",
    "Option {option} does not take a value.": "{option} 옵션은 값을 받지 않습니다.",
    "Got unexpected extra argument ({extra})": "필요 없는 인자가 있습니다: {extra}",
    "Got unexpected extra argument(s) ({extra})": "필요 없는 인자가 있습니다: {extra}",
    "Got unexpected extra arguments ({extra})": "필요 없는 인자가 있습니다: {extra}",
}
