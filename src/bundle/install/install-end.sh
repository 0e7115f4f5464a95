main "$@"
}
