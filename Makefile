# For fingers that type make; everything happens in ./ossmend.
.PHONY: demo test
demo test:
	@./ossmend $@
