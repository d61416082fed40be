locals {
  # SSM reserves names that begin with aws or ssm:
  # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
  images_parameter = "/${can(regex("^(aws|ssm)", var.name)) ? "gallery-" : ""}${var.name}/images"
}

module "registry" {
  source = "../registry"

  deployment       = local.deployment
  images_parameter = local.images_parameter
  repositories = {
    for key in local.functions : key => {
      name         = local.function_names[key]
      function_arn = local.function_arns[key]
    }
  }
}
