package chart

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

const metadata = "Chart.yaml"

// Version is that of the chart in a folder, and of the server that it installs: "0.1.0".
func Version(dir string) (string, error) {
	fields, err := readMetadata(dir)
	if err != nil {
		return "", err
	}
	version, app := fields["version"], fields["appVersion"]
	if version != app {
		return "", fmt.Errorf("the chart in %s is of version %v and installs %v: both are released as one", dir, version, app)
	}
	return fmt.Sprint(version), nil
}

// Release copies a chart into a new folder, as that of another version.
func Release(from, to, version string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	fields, err := readMetadata(to)
	if err != nil {
		return err
	}
	fields["version"], fields["appVersion"] = version, version
	text, err := yaml.Marshal(fields)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, metadata), text, 0o600)
}

func readMetadata(dir string) (map[string]any, error) {
	text, err := os.ReadFile(filepath.Join(dir, metadata))
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	return fields, yaml.Unmarshal(text, &fields)
}
