package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// sbom is the bill of materials of a binary in CycloneDX: the modules that the go command says are linked into it. It
// carries no serial number, which would make it another one each time.
func sbom(s source, b binary) ([]byte, error) {
	program := programOf(s, b)
	components := []cdx.Component{{
		Type:       cdx.ComponentTypeLibrary,
		BOMRef:     "pkg:golang/std@" + strings.TrimPrefix(b.info.GoVersion, "go"),
		Name:       "std",
		Version:    strings.TrimPrefix(b.info.GoVersion, "go"),
		PackageURL: "pkg:golang/std@" + strings.TrimPrefix(b.info.GoVersion, "go"),
	}}
	for _, module := range b.info.Deps {
		component, err := componentOf(module)
		if err != nil {
			return nil, err
		}
		components = append(components, component)
	}
	refs := make([]string, 0, len(components))
	for _, c := range components {
		refs = append(refs, c.BOMRef)
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: s.date.Format(time.RFC3339), Component: &program}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: program.BOMRef, Dependencies: &refs}}
	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

func programOf(s source, b binary) cdx.Component {
	url := fmt.Sprintf("pkg:golang/%s@%s?goarch=%s&goos=%s#cmd/%s", b.info.Main.Path, s.version, b.platform.arch, b.platform.os, b.name)
	return cdx.Component{
		Type:       cdx.ComponentTypeApplication,
		BOMRef:     url,
		Name:       b.name,
		Version:    s.version,
		PackageURL: url,
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: b.sum()}},
		Licenses:   &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
	}
}

func componentOf(m *debug.Module) (cdx.Component, error) {
	if m.Replace != nil {
		m = m.Replace
	}
	// What go.sum records, and the checksum database with it: the SHA-256 over the module's files.
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:"))
	if err != nil {
		return cdx.Component{}, fmt.Errorf("sum %q of %s: %w", m.Sum, m.Path, err)
	}
	url := "pkg:golang/" + m.Path + "@" + m.Version
	return cdx.Component{
		Type:       cdx.ComponentTypeLibrary,
		BOMRef:     url,
		Name:       m.Path,
		Version:    m.Version,
		PackageURL: url,
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}},
	}, nil
}
