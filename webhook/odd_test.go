package webhook

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// odd are values on which decoders disagree, or might.
var odd = []string{
	`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `1.0`, `1e2`, `1E400`, `01`, `-`, `1.`, `.5`, `2147483648`, `999999999999999999`,
	`9223372036854775807`, `9223372036854775808`, `99999999999999999999`, `""`, `"0"`, `"1"`, `"true"`, `"null"`, `"\ud800"`,
	`"\ud83d\ude00"`, `"\u0000"`, `"\u00e9"`, `"\/\"\\\b"`, `"\x"`, `"\u12"`, "\"\xff\"", "\"a\xc3\"", "\"\xc3\xa9\"", "\"\t\"", `"`,
	`[]`, `{}`, `[null]`, `[{}]`, `[[]]`, `[1,]`, `{"":null}`, `{"a":"b"}`, `{"a":null}`, `{"a":1,"a":2}`, `{"a":"b","a":"c"}`, `{"a" "b"}`,
	`"100m"`, `100`, `1.5`, `"1e3"`, `"1Zi"`, `"m"`, `"1_0"`, `" 1"`, `"2026-01-01T00:00:00Z"`, `"2026-13-01T00:00:00Z"`, `"core"`,
	strings.Repeat("[", 90) + strings.Repeat("]", 90), strings.Repeat(`{"a":`, 150) + "1" + strings.Repeat("}", 150),
	`{"key":"polyaxon","operator":"Equal","value":"core","effect":"NoSchedule"}`, `[{"operator":"Exists"}]`, `{"polyaxon":"core"}`,
	`{"privileged":true}`, `{"runAsUser":0}`, `[{"name":"a","hostPath":{"path":"/"}}]`,
}

// span is a part of a text.
type span struct{ start, end int }

func (s span) of(raw []byte) []byte { return raw[s.start:s.end] }

// member is the name of a member of an object, quotes included, and its value.
type member struct{ name, value span }

// oddly changes the text as the program says: four bytes make one change. It is no longer JSON after some of them.
func oddly(raw, program []byte) []byte {
	for len(program) >= 4 {
		values, members := partsOf(raw)
		if len(values) == 0 || len(members) == 0 {
			return raw
		}
		place := int(program[1])<<8 | int(program[2])
		m, v, other := members[place%len(members)], values[place%len(values)], int(program[3])
		raw = change(raw, int(program[0]), m, v, other, values)
		program = program[4:]
	}
	return raw
}

func change(raw []byte, what int, m member, v span, other int, values []span) []byte {
	value := []byte(odd[other%len(odd)])
	name := m.name.of(raw)
	switch what % 10 {
	case 0:
		return spliced(raw, v, value)
	case 1:
		return spliced(raw, m.value, value)
	case 2: // the same member twice
		return spliced(raw, span{m.value.end, m.value.end}, fmt.Appendf(nil, ",%s:%s", name, value))
	case 3:
		return spliced(raw, span{m.name.start, m.name.start}, fmt.Appendf(nil, "%s:%s,", name, value))
	case 4:
		return spliced(raw, span{m.name.start, m.name.start}, fmt.Appendf(nil, `"fieldOfTheFuture":%s,`, value))
	case 5: // a name in other letters
		return spliced(raw, m.name, bytes.ToUpper(name))
	case 6:
		if len(name) > 2 && name[1] != '\\' {
			return spliced(raw, span{m.name.start + 1, m.name.start + 2}, fmt.Appendf(nil, `\u%04x`, name[1]))
		}
		return raw
	case 7: // a value that stands elsewhere in the text
		return spliced(raw, m.value, values[other%len(values)].of(raw))
	case 8:
		return spliced(raw, span{m.value.start, m.value.start}, []byte([]string{" ", "\n\t", "\r", "\v", ",", ":"}[other%6]))
	default:
		at := v.start + other%(v.end-v.start)
		return spliced(raw, span{at, at + 1}, []byte{byte(other)})
	}
}

func spliced(raw []byte, s span, by []byte) []byte {
	return slices.Concat(raw[:s.start], by, raw[s.end:])
}

// parts finds the values and members of a text, in a text that is not sound those that it can make out.
func partsOf(raw []byte) (values []span, members []member) {
	var open []int // where objects and lists begin
	var name *span // of the member whose value comes next
	var names []*span
	add := func(s span, of *span) {
		values = append(values, s)
		if of != nil {
			members = append(members, member{*of, s})
		}
	}
	for at := 0; at < len(raw); {
		switch c := raw[at]; c {
		case '{', '[':
			open, names, name = append(open, at), append(names, name), nil
			at++
		case '}', ']':
			at++
			if last := len(open) - 1; last >= 0 {
				add(span{open[last], at}, names[last])
				open, names = open[:last], names[:last]
			}
			name = nil
		case ' ', '\t', '\n', '\r', ',', ':':
			at++
		default:
			s := span{at, end(raw, at)}
			at = s.end
			if c == '"' && at < len(raw) && raw[at] == ':' {
				name = &s
				continue
			}
			add(s, name)
			name = nil
		}
	}
	return values, members
}

// end is where the string, number or word that begins there ends.
func end(raw []byte, start int) int {
	if raw[start] != '"' {
		if n := bytes.IndexAny(raw[start+1:], " \t\n\r,:]}\""); n >= 0 {
			return start + 1 + n
		}
		return len(raw)
	}
	for at := start + 1; at < len(raw); at++ {
		switch raw[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(raw)
}
