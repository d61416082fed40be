module "registry" {
  source = "../registry"

  deployment       = local.deployment
  images_parameter = "/${var.name}/images"
  repositories = {
    for key in local.functions : key => {
      name         = local.function_names[key]
      function_arn = local.function_arns[key]
    }
  }
}
