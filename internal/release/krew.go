package main

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed krew.yaml.tmpl
var krewText string

// krewArchive is what the manifest says of one archive.
type krewArchive struct{ OS, Arch, Name, Sum, Bin string }

// writeKrew writes dist/polymoat.yaml, by which krew installs the plugin from the archives in dist. The index of krew
// holds released versions: of a commit between two tags there is none.
func writeKrew(s source, dist string, platforms []platform) error {
	if !tagged.MatchString(s.version) {
		return nil
	}
	var archives []krewArchive
	for _, p := range platforms {
		a := krewArchive{OS: p.os, Arch: p.arch, Name: archiveName(s, p), Bin: pluginFile(p)}
		var err error
		if a.Sum, err = sumOf(filepath.Join(dist, a.Name)); err != nil {
			return err
		}
		archives = append(archives, a)
	}
	var text strings.Builder
	data := struct {
		Version  string
		Archives []krewArchive
	}{s.version, archives}
	if err := template.Must(template.New("krew").Parse(krewText)).Execute(&text, data); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, "polymoat.yaml"), []byte(text.String()), 0o644)
}
