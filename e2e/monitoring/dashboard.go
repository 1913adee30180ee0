package monitoring

import (
	"bytes"
	"encoding/json"
)

const (
	panelHeight = 8
	// schema is the version of Grafana 11, the oldest that is maintained. Later ones carry it over by themselves.
	schema = 39
)

// object is JSON that Grafana reads. Its keys are written in order.
type object map[string]any

// source is the Prometheus that the reader has chosen.
var source = object{"type": "prometheus", "uid": "${datasource}"}

// Dashboard is the text of the file that the chart ships.
func Dashboard() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(object{
		"uid": "polymoat", "title": "polymoat", "tags": []string{"polymoat", "polyaxon"},
		"schemaVersion": schema, "editable": true, "refresh": "1m", "timezone": "",
		"description": "Who lives on the nodes of Polyaxon's core, who tried to, and whether polymoat itself is well.",
		"time":        object{"from": "now-24h", "to": "now"},
		"templating":  object{"list": variables()},
		"panels":      panels(Rows),
	})
	return text.Bytes(), err
}

// variables are what the reader chooses. The chart sets the timeout to its own.
func variables() []object {
	return []object{
		{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
		labelValues("namespace", "polymoat_build_info"),
		labelValues("job", `polymoat_build_info{namespace="$namespace"}`),
		{"name": "timeout", "label": "Timeout (s)", "type": "textbox", "query": "5", "current": object{"text": "5", "value": "5"}},
	}
}

// labelValues is a variable with the values of a label.
func labelValues(label, of string) object {
	query := "label_values(" + of + ", " + label + ")"
	return object{
		"name": label, "type": "query", "datasource": source, "definition": query, "refresh": 1, "sort": 1,
		"query": object{"query": query, "refId": label},
	}
}

// panels sets panels side by side, as many as fit, under the question of their row.
func panels(rows []Row) []object {
	var all []object
	y := 0
	for _, row := range rows {
		all = append(all, object{
			"id": len(all) + 1, "type": "row", "title": row.Question, "collapsed": false, "panels": []object{}, "gridPos": at(0, y, 24, 1),
		})
		y++
		x := 0
		for _, p := range row.Panels {
			if x+p.Width > 24 {
				x, y = 0, y+panelHeight
			}
			all = append(all, p.draw(len(all)+1, at(x, y, p.Width, panelHeight)))
			x += p.Width
		}
		y += panelHeight
	}
	return all
}

func at(x, y, w, h int) object { return object{"x": x, "y": y, "w": w, "h": h} }

// draw is the panel as Grafana reads it.
func (p Panel) draw(id int, position object) object {
	drawn := object{
		"id": id, "type": p.Kind, "title": p.Title, "description": p.Doc, "gridPos": position, "datasource": source, "targets": p.targets(),
	}
	defaults := object{"unit": p.Unit}
	switch p.Kind {
	case Stat:
		defaults["thresholds"] = object{"mode": "absolute", "steps": p.Steps}
		drawn["options"] = object{
			"colorMode": "background", "graphMode": "none", "textMode": "auto",
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
		}
	case Series:
		defaults["min"] = 0
		defaults["custom"] = object{"fillOpacity": 10, "showPoints": "auto"}
		drawn["options"] = object{
			"legend":  object{"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": []string{"max"}},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		}
	case Table:
		drawn["transformations"] = []object{{"id": "organize", "options": object{"excludeByName": object{"Time": true}}}}
	}
	drawn["fieldConfig"] = object{"defaults": defaults, "overrides": []object{}}
	return drawn
}

// targets are the queries: of a Series over time, of the others as they are now.
func (p Panel) targets() []object {
	var all []object
	for i, q := range p.Queries {
		target := object{
			"refId": string(rune('A' + i)), "datasource": source, "expr": q.Expr, "instant": p.Kind != Series, "range": p.Kind == Series, "exemplar": q.Exemplars,
		}
		if q.Legend != "" {
			target["legendFormat"] = q.Legend
		}
		if p.Kind == Table {
			target["format"] = "table"
		}
		all = append(all, target)
	}
	return all
}
