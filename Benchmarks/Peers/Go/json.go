package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"sync"

	"github.com/jackc/pgproto3/v2"
)

// step is a part of an answer: the begin or end of an object, a null, a cursor (of the row's first columns, epoch and
// snapshot), a row's fields, a row as an object, or a list of rows.
type step struct {
	Begin    string
	End      bool
	Null     string
	Cursor   string
	Fields   bool
	Object   string
	List     string
	Rows     int
	Children []step
}

// writer appends JSON to a reused byte slice.
type writer struct {
	bytes []byte
	comma bool
}

var writers = sync.Pool{New: func() interface{} { return &writer{bytes: make([]byte, 0, 64*1024)} }}

func newWriter() *writer {
	w := writers.Get().(*writer)
	w.bytes = append(w.bytes[:0], '{')
	w.comma = false
	return w
}

func recycle(w *writer) {
	if w != nil {
		writers.Put(w)
	}
}

func (w *writer) render(steps []step, results []result) {
	for i := range steps {
		step := &steps[i]
		switch {
		case step.Begin != "":
			w.key(step.Begin)
			w.open('{')
		case step.End:
			w.close('}')
		case step.Null != "":
			w.key(step.Null)
			w.raw("null")
		case step.Cursor != "":
			row := results[step.Rows].rows[0]
			text := append(append(append([]byte("1."), row[0]...), '.'), row[1]...)
			w.key(step.Cursor)
			w.raw(`"` + base64.RawURLEncoding.EncodeToString(text) + `"`)
		case step.Fields:
			w.fields(results[step.Rows].shape, results[step.Rows].rows[0])
		case step.Object != "":
			w.key(step.Object)
			w.open('{')
			w.fields(results[step.Rows].shape, results[step.Rows].rows[0])
			w.close('}')
		default:
			cursor := newCursor(step, results)
			w.key(step.List)
			w.open('[')
			for cursor.row < len(cursor.rows) {
				cursor.render(w)
			}
			w.close(']')
		}
	}
	w.close('}')
}

// cursor walks through a list and its children in parallel. Children are sorted like their parents and refer to them in
// a column `_parent`.
type cursor struct {
	name     string
	rows     [][][]byte
	shape    *shape
	row      int
	children []*cursor
}

func newCursor(list *step, results []result) *cursor {
	result := &results[list.Rows]
	c := &cursor{name: list.List, rows: result.rows, shape: result.shape}
	for i := range list.Children {
		c.children = append(c.children, newCursor(&list.Children[i], results))
	}
	return c
}

func (c *cursor) render(w *writer) {
	row := c.rows[c.row]
	w.open('{')
	w.fields(c.shape, row)
	for _, child := range c.children {
		w.key(child.name)
		w.open('[')
		for child.row < len(child.rows) && bytes.Equal(child.rows[child.row][child.shape.parent], row[c.shape.id]) {
			child.render(w)
		}
		w.close(']')
	}
	w.close('}')
	c.row++
}

// shape tells how columns become JSON, by their aliases: `a.b` is "b" in an object "a"; `a?.b` is the same, or null if
// that column is NULL; `_a` is not shown.
type shape struct {
	parts      []part
	parent, id int
	// Of the outcome of a batch's item.
	refusal, unchanged int
}

type part struct {
	begin, end bool
	key        string
	column     int
	kind       kind
	// Where to continue if the object is null; 0 if it never is.
	next int
}

type kind int

const (
	text kind = iota
	verbatim
	boolean
	moment
)

func newShape(columns []pgproto3.FieldDescription) *shape {
	s := &shape{parent: -1, id: -1, refusal: -1, unchanged: -1}
	open, optional := "", -1
	closeObject := func() {
		if open == "" {
			return
		}
		s.parts = append(s.parts, part{end: true})
		if optional >= 0 {
			s.parts[optional].next = len(s.parts)
		}
		open, optional = "", -1
	}
	for column := range columns {
		name := string(columns[column].Name)
		switch {
		case name == "_parent":
			s.parent = column
		case name == "_refusal":
			s.refusal = column
		case name == "_unchanged":
			s.unchanged = column
		case name == "_key" || (name == "id" && s.id < 0):
			s.id = column
		}
		if strings.HasPrefix(name, "_") {
			continue
		}
		group, member, nested := strings.Cut(name, ".")
		if !nested {
			group, member = "", name
		}
		if group != open {
			closeObject()
		}
		if group != "" && open == "" {
			open = group
			if strings.HasSuffix(group, "?") {
				optional = len(s.parts)
			}
			s.parts = append(s.parts, part{begin: true, key: quotedKey(strings.TrimSuffix(group, "?")), column: column})
		}
		s.parts = append(s.parts, part{key: quotedKey(member), column: column, kind: kindOf(columns[column].DataTypeOID)})
	}
	closeObject()
	return s
}

// kindOf maps the object identifiers of built-in types.
func kindOf(oid uint32) kind {
	switch oid {
	case 16:
		return boolean
	case 20, 21, 23, 26, 700, 701, 1700, 114, 3802:
		return verbatim
	case 1184:
		return moment
	default:
		return text
	}
}

func quotedKey(name string) string { return `"` + name + `":` }

func (w *writer) fields(s *shape, row [][]byte) {
	for i := 0; i < len(s.parts); i++ {
		part := &s.parts[i]
		if part.end {
			w.close('}')
			continue
		}
		w.rawKey(part.key)
		value := row[part.column]
		switch {
		case part.begin && part.next > 0 && value == nil:
			w.raw("null")
			i = part.next - 1
		case part.begin:
			w.open('{')
		case value == nil:
			w.raw("null")
		case part.kind == verbatim:
			w.bytes = append(w.bytes, value...)
			w.comma = true
		case part.kind == boolean:
			if value[0] == 't' {
				w.raw("true")
			} else {
				w.raw("false")
			}
		case part.kind == moment:
			// `2026-09-01 08:30:00+00`, because the session uses UTC.
			w.bytes = append(w.bytes, '"')
			w.bytes = append(w.bytes, value[:10]...)
			w.bytes = append(w.bytes, 'T')
			w.bytes = append(w.bytes, value[11:len(value)-3]...)
			w.bytes = append(w.bytes, 'Z', '"')
			w.comma = true
		default:
			w.string(value)
		}
	}
}

func (w *writer) open(bracket byte) {
	if w.comma {
		w.bytes = append(w.bytes, ',')
	}
	w.bytes = append(w.bytes, bracket)
	w.comma = false
}

func (w *writer) close(bracket byte) {
	w.bytes = append(w.bytes, bracket)
	w.comma = true
}

func (w *writer) key(name string) { w.rawKey(quotedKey(name)) }

func (w *writer) rawKey(quoted string) {
	if w.comma {
		w.bytes = append(w.bytes, ',')
	}
	w.bytes = append(w.bytes, quoted...)
	w.comma = false
}

func (w *writer) raw(text string) {
	w.bytes = append(w.bytes, text...)
	w.comma = true
}

const hexadecimal = "0123456789abcdef"

func (w *writer) string(text []byte) {
	w.bytes = append(w.bytes, '"')
	start := 0
	for i, b := range text {
		if b >= 0x20 && b != '"' && b != '\\' {
			continue
		}
		w.bytes = append(w.bytes, text[start:i]...)
		switch b {
		case '"', '\\':
			w.bytes = append(w.bytes, '\\', b)
		case '\n':
			w.bytes = append(w.bytes, '\\', 'n')
		case '\r':
			w.bytes = append(w.bytes, '\\', 'r')
		case '\t':
			w.bytes = append(w.bytes, '\\', 't')
		default:
			w.bytes = append(w.bytes, '\\', 'u', '0', '0', hexadecimal[b>>4], hexadecimal[b&15])
		}
		start = i + 1
	}
	w.bytes = append(w.bytes, text[start:]...)
	w.bytes = append(w.bytes, '"')
	w.comma = true
}
