package api

// layerTwoPolicy is that of layer two.
type layerTwoPolicy struct {
	noticePolicy
	Yields []string `json:"yields"`
}

// yields lists the categories that give way to a signal whatever is answered.
func (s *Site) yields() []string {
	ids := []string{}
	for _, c := range s.Policy.Optional() {
		if s.Policy.Yields(c.ID) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}
