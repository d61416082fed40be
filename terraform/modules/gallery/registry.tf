module "registry" {
  source = "../registry"

  repositories = {
    for key in local.functions : key => {
      name         = local.function_names[key]
      function_arn = local.function_arns[key]
    }
  }
}
